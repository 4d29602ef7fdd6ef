import { z } from "zod";
import published from "../../../test/data/pve-api-9.1.json" with { type: "text" };
import { type ParamSchemas, paramSchema } from "../params/schema.ts";
import { UNLISTED } from "./unlisted.ts";

/** A rule about rights: `["perm", PATH, [RIGHT...], ...]`, or `["and" | "or", RULE...]`. */
const check = z.array(z.unknown()).min(1);
export type Check = z.infer<typeof check>;
export const permCheck = z.tuple([z.literal("perm"), z.string(), z.array(z.string())]).rest(z.unknown());

const permissions = z.object({ user: z.string().optional(), check: check.optional() });

export function asCheck(rule: unknown): Check {
  return check.parse(rule);
}

const method = z.object({
  allowtoken: z.number().default(1),
  protected: z.number().default(0),
  proxyto: z.string().optional(),
  permissions: permissions.optional(),
  parameters: z.object({ properties: z.record(z.string(), paramSchema).default({}) }).optional(),
});

/** What the official schema says of one method of one path. */
export interface ApiMethod {
  readonly verb: string;
  /** As in the schema, with `{node}` and the like. */
  readonly path: string;
  readonly pathParams: Readonly<Record<string, string>>;
  readonly allowToken: boolean;
  /** The call belongs to the node of its `{node}` (or other named) parameter. */
  readonly proxyTo: string | undefined;
  readonly permissions: z.infer<typeof permissions> | undefined;
  readonly parameters: ParamSchemas;
}

/** Finds a call in Proxmox's published API schema; undefined when there is no such path or method. */
export function findMethod(verb: string, path: string): ApiMethod | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const template = templatesFor(parts).find((each) => schema()[each]?.[verb] !== undefined);
  if (template === undefined) return undefined;
  const found = method.parse(schema()[template]?.[verb]);
  return {
    verb,
    path: template,
    pathParams: paramsOf(template, parts),
    allowToken: found.allowtoken === 1,
    proxyTo: found.proxyto,
    permissions: found.permissions,
    parameters: { ...found.parameters?.properties, ...LATER_PARAMETERS[`${verb} ${template}`] },
  };
}

/** Names of the paths one level below, for indexes. */
export function childrenOf(template: string): string[] {
  const prefix = template === "/" ? "/" : `${template}/`;
  const names = Object.keys(schema())
    .filter((each) => each.startsWith(prefix))
    .map((each) => each.slice(prefix.length).split("/")[0] ?? "");
  return [...new Set(names)].filter((name) => !name.startsWith("{"));
}

/** Parameters that came after the schema was published (proxmox.md 0: pve-cluster 9.1.0). */
const LATER_PARAMETERS: Readonly<Record<string, ParamSchemas>> = {
  "POST /cluster/config": { "token-coefficient": { type: "integer", minimum: 0, optional: true } },
};

type Schema = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
let parsed: Schema | undefined;

/** Read when first needed: most programs of this executable never do. */
function schema(): Schema {
  if (parsed) return parsed;
  const listed = z.record(z.string(), z.record(z.string(), z.unknown())).parse(JSON.parse(String(published)));
  parsed = { ...listed, ...UNLISTED };
  return parsed;
}

/** Fixed names before parameters: `/nodes/{node}/tasks` before `/nodes/{node}/{x}`. */
function templatesFor(parts: readonly string[]): string[] {
  return Object.keys(schema())
    .filter((template) => {
      const names = template.split("/").filter((name) => name !== "");
      return (
        names.length === parts.length && names.every((name, i) => name.startsWith("{") || name === parts[i])
      );
    })
    .sort((a, b) => a.split("{").length - b.split("{").length);
}

function paramsOf(template: string, parts: readonly string[]): Record<string, string> {
  const names = template.split("/").filter((name) => name !== "");
  return Object.fromEntries(
    names.flatMap((name, i) => (name.startsWith("{") ? [[name.slice(1, -1), parts[i] ?? ""]] : [])),
  );
}
