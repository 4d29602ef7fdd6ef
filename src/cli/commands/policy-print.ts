import { z } from "zod";
import { printPolicy } from "../../policy/print.ts";
import { parseFlags } from "../flags.ts";
import { featureFlags, featuresOf } from "../tailnet-flags.ts";

const flagsSchema = featureFlags.extend({
  style: z.enum(["grants", "acls"]),
  for: z.enum(["hosted", "headscale"]),
});

/** `tailmox policy print`: the policy alone on stdout. */
export function runPolicyPrint(raw: unknown): number {
  const { style, for: dialect, ...features } = parseFlags(flagsSchema, raw);
  process.stdout.write(printPolicy(featuresOf(features, dialect), style, dialect));
  return 0;
}
