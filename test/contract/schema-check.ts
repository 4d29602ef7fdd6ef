import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { projectDir } from "../../lab/paths.ts";

const schemaNode = z.object({
  type: z.string().optional(),
  optional: z.union([z.number(), z.string(), z.boolean()]).optional(),
  enum: z.array(z.string()).optional(),
  pattern: z.string().optional(),
  minimum: z.coerce.number().optional(),
  maximum: z.coerce.number().optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  properties: z.unknown().optional(),
});

/** path -> verb -> what the official schema says. */
export const published = z
  .record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        allowtoken: z.number().optional(),
        permissions: z.looseObject({ user: z.string().optional() }).optional(),
        parameters: z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() }).optional(),
        returns: z.unknown(),
      }),
    ),
  )
  .parse(JSON.parse(readFileSync(join(projectDir, "test/data/pve-api-9.1.json"), "utf8")));

/**
 * Where an answer breaks the schema of what a call returns, in Proxmox's dialect. Numbers may be texts of
 * digits, truths are 0 and 1: Proxmox does not convert what its configuration files hold (proxmox.md 5.4).
 */
export function violations(value: unknown, schema: unknown, path = "data"): string[] {
  const rules = schemaNode.parse(schema ?? {});
  const wrong = (what: string) => [`${path}: ${what}, got ${JSON.stringify(value)?.slice(0, 80)}`];
  switch (rules.type) {
    case "null":
      return value === null ? [] : wrong("not null");
    case "boolean":
      return [0, 1, "0", "1"].some((each) => each === value) ? [] : wrong("no 0 or 1");
    case "integer":
    case "number": {
      const number = typeof value === "string" && value !== "" ? Number(value) : value;
      if (typeof number !== "number" || Number.isNaN(number)) return wrong(`no ${rules.type}`);
      if (rules.type === "integer" && !Number.isInteger(number)) return wrong("no integer");
      if (rules.minimum !== undefined && number < rules.minimum) return wrong(`below ${rules.minimum}`);
      return rules.maximum !== undefined && number > rules.maximum ? wrong(`above ${rules.maximum}`) : [];
    }
    case "string":
      return textViolations(value, rules, wrong);
    case "array":
      if (!Array.isArray(value)) return wrong("no list");
      return value.flatMap((each, i) => violations(each, rules.items, `${path}[${i}]`));
    case "object":
      return objectViolations(value, rules, path, wrong);
    default:
      return rules.enum && !rules.enum.includes(String(value))
        ? wrong(`none of ${rules.enum.join(", ")}`)
        : [];
  }
}

type Rules = z.infer<typeof schemaNode>;

function textViolations(value: unknown, rules: Rules, wrong: (what: string) => string[]): string[] {
  if (typeof value !== "string") return wrong("no text");
  if (rules.enum && !rules.enum.includes(value)) return wrong(`none of ${rules.enum.join(", ")}`);
  if (rules.pattern === undefined) return [];
  const pattern = rules.pattern.replaceAll("(?^:", "(?:").replaceAll("(?^i:", "(?i:");
  return new RegExp(`^(?:${pattern})$`).test(value) ? [] : wrong(`not ${rules.pattern}`);
}

const properties = z.record(z.string(), z.unknown());

function objectViolations(
  value: unknown,
  rules: Rules,
  path: string,
  wrong: (what: string) => string[],
): string[] {
  const given = properties.safeParse(value);
  if (!given.success || Array.isArray(value)) return wrong("no object");
  const known = properties.parse(rules.properties ?? {});
  const closed = rules.additionalProperties === 0 || rules.additionalProperties === "0";
  const unknown = closed ? Object.keys(given.data).filter((name) => !(name in known)) : [];
  const inside = Object.entries(known).flatMap(([name, schema]) => {
    const optional = schemaNode.parse(schema).optional;
    const present = given.data[name] !== undefined;
    if (!present) return optional && optional !== "0" ? [] : [`${path}.${name}: missing`];
    return violations(given.data[name], schema, `${path}.${name}`);
  });
  return [...unknown.map((name) => `${path}.${name}: not in the schema`), ...inside];
}
