import { z } from "zod";
import type { Reader } from "../host/host.ts";
import { parseJson } from "../host/json.ts";

/**
 * The version of Proxmox VE on another member, which Proxmox here asks for it; undefined when it did not tell. One that
 * hangs must not hold up the page: 10 s, unless said otherwise.
 */
export async function readMemberVersion(
  reader: Reader,
  node: string,
  timeoutMs = 10_000,
): Promise<string | undefined> {
  const argv = ["pvesh", "get", `/nodes/${node}/version`, "--output-format", "json"] as const;
  const { stdout } = await reader.run(argv, { timeoutMs });
  return z.object({ version: z.string() }).safeParse(parseJson(stdout)).data?.version;
}
