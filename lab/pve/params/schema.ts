import { z } from "zod";

const number = z.coerce.number();
const flag = z
  .union([z.boolean(), z.number(), z.string()])
  .transform((value) => value !== "0" && Boolean(value));

const simple = z.object({
  type: z.string().optional(),
  format: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  optional: flag.optional(),
  minimum: number.optional(),
  maximum: number.optional(),
  minLength: number.optional(),
  maxLength: number.optional(),
  enum: z.array(z.string()).optional(),
  pattern: z.string().optional(),
  requires: z.string().optional(),
  default_key: flag.optional(),
});

/** One parameter, in Proxmox's dialect of JSON schema. */
export type ParamSchema = z.infer<typeof simple>;

/** The parameters of one call or command by name; `link[n]` stands for link0, link1, ... */
export type ParamSchemas = Readonly<Record<string, ParamSchema>>;

export const paramSchema: z.ZodType<ParamSchema> = simple;

/** The schema that fits a given parameter's name, `link3` being one of `link[n]`. */
export function schemaFor(schemas: ParamSchemas, name: string): ParamSchema | undefined {
  return schemas[name] ?? schemas[name.replace(/\d+$/, "[n]")];
}
