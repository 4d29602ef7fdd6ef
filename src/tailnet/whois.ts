import { z } from "zod";
import type { Reader } from "../host/host.ts";
import { parseJson } from "../host/json.ts";

/** Who holds an address of the tailnet, as the control server told this host's own daemon. */
export interface Holder {
  /** First label of its DNS name. */
  readonly name: string;
  readonly tags: readonly string[];
}

/** Asks the own daemon who holds an address; undefined when nobody of this tailnet does. Source: tailscale.md 1.13. */
export async function whois(reader: Reader, address: string): Promise<Holder | undefined> {
  const { exitCode, stdout } = await reader.run(["tailscale", "whois", "--json", address], {
    timeoutMs: 10_000,
  });
  return exitCode === 0 ? parseWhois(stdout) : undefined;
}

/** Reads `tailscale whois --json`; undefined when it is something else. */
export function parseWhois(text: string): Holder | undefined {
  const parsed = whoisJson.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { Name, Tags } = parsed.data.Node;
  return { name: Name.split(".")[0] ?? "", tags: Tags ?? [] };
}

/** Tags are absent on a node that belongs to a person. */
const whoisJson = z.object({
  Node: z.object({ Name: z.string().default(""), Tags: z.array(z.string()).nullish() }),
});
