import type { z } from "zod";
import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import { parseJson } from "../host/json.ts";

/**
 * What `pvesh get` answers to a path, as the schema wants it. Throws E_COMMAND_FAILED with Proxmox's own words.
 * Always JSON: the text form is a table, and prints nothing for an empty list (proxmox.md 11).
 */
export async function pveshGet<T extends z.ZodType>(
  reader: Reader,
  schema: T,
  path: string,
  params: readonly string[] = [],
): Promise<z.output<T>> {
  const argv = ["pvesh", "get", path, ...params, "--output-format", "json"] as const;
  const { exitCode, stdout, stderr } = await reader.run(argv, { timeoutMs: 30_000 });
  const parsed = schema.safeParse(parseJson(stdout));
  if (exitCode === 0 && parsed.success) return parsed.data;
  throw new UserError("E_COMMAND_FAILED", `Proxmox does not say what ${path} is`, {
    likely: stderr.trim() || "its answer has a form that tailmox does not know",
    mend: `pvesh get ${[path, ...params].join(" ")}`,
  });
}
