import { z } from "zod";
import { printPolicy } from "../../policy/print.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { featureFlags, featuresOf } from "../tailnet-flags.ts";

const flagsSchema = featureFlags.extend({
  style: z.enum(["grants", "acls"]),
  for: z.enum(["hosted", "headscale"]),
  json: z.boolean().default(false),
});

/** `tailmox policy print`: the policy alone on stdout. */
export function runPolicyPrint(raw: unknown): number {
  const { style, for: dialect, json, ...features } = parseFlags(flagsSchema, raw);
  const policy = printPolicy(featuresOf(features, dialect), style, dialect);
  process.stdout.write(json ? `${envelope({ ok: true, result: { policy } })}\n` : policy);
  return 0;
}
