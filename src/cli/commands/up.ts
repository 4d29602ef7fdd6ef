import { z } from "zod";
import type { Cluster } from "../../cluster/facts.ts";
import { UserError } from "../../errors.ts";
import type { Journal } from "../../host/journal.ts";
import { isNodeName } from "../../proxmox/version.ts";
import { parsePasswords } from "../../up/passwords.ts";
import { PEER_WAIT_MS } from "../../up/peers.ts";
import { RISKS } from "../../up/risks.ts";
import { type UpResult, up } from "../../up/up.ts";
import { assertRoot } from "../assert-root.ts";
import { changeHere } from "../change-here.ts";
import { durationFlag } from "../duration.ts";
import { parseFlags } from "../flags.ts";
import { offerTune } from "../offer-tune.ts";
import { readAuthKey, readSecretFile } from "../secrets.ts";
import { serviceName, tagFlag } from "../tailnet-flags.ts";
import { VERSION } from "../version.ts";
import { wrap } from "../wrap.ts";

/** `tailmox up`: reads what was asked, does it, shows what came of it. Gives the exit status. */
export async function runUp(raw: unknown): Promise<number> {
  const flags = parseFlags(flagsSchema, raw);
  const authKey = await readAuthKey(flags);
  assertClusterName(flags.clusterName);
  assertRoot();
  const passwords = flags.passwordFile === undefined ? "" : await readSecretFile(flags.passwordFile);
  return changeHere("tailmox up", flags, async (place) => {
    const { host, screen, journal, ask } = place;
    const options = {
      ...flags,
      version: VERSION,
      authKey,
      loginServer: flags.loginServer,
      join: flags.join,
      passwords: parsePasswords(passwords),
      web: flags.web,
      acceptRisks: flags.acceptRisk,
      loginTimeoutMs: flags.loginTimeout,
      // Others may be starting at this very moment; who insists on creating waits only for the map to fill.
      peerWaitMs: flags.create ? 3_000 : PEER_WAIT_MS,
      waitMs: flags.wait,
      joinTimeoutMs: flags.joinTimeout,
    };
    const { mesh, ...result } = await up(host, options, { talk: screen, ask, journal });
    const cluster = ringOf(result);
    const timers = cluster && (await offerTune(place, { yes: flags.yes, mesh, node: result.node, cluster }));
    return {
      outcome: result.outcome,
      result: { ...result, ...(timers && { timers: { outcome: timers.outcome, changes: timers.changes } }) },
      lines: closing(result, timers?.lines ?? [], journal),
    };
  });
}

const flagsSchema = z.object({
  authKey: z.string().optional(),
  authKeyFile: z.string().optional(),
  loginServer: z.url({ protocol: /^https?$/ }).optional(),
  clusterName: z.string().default("tailmox"),
  create: z.boolean().default(false),
  join: z.string().optional(),
  without: z.array(z.string()).default([]),
  wait: durationFlag(0, 86_400_000).prefault("5m"),
  tag: tagFlag.default("tag:tailmox"),
  passwordFile: z.string().optional(),
  web: z.enum(["serve", "cert", "none"], "serve, cert or none").optional(),
  service: serviceName.optional(),
  staging: z.boolean().default(false),
  loginTimeout: durationFlag(5_000, 86_400_000).prefault("10m"),
  joinTimeout: durationFlag(10_000, 1_800_000).prefault("120s"),
  acceptRisk: z.array(z.enum(RISKS, `one of: ${RISKS.join(", ")}`)).default([]),
  yes: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  json: z.boolean().default(false),
  verbose: z.boolean().default(false),
  logFile: z.string(),
});

/** Source: proxmox.md 3. */
function assertClusterName(name: string): void {
  if (isNodeName(name) && name.length <= 15) return;
  throw new UserError("E_USAGE", `"${name}" cannot be the name of a cluster`, {
    likely: "Proxmox takes 1 to 15 letters, digits and hyphens, no hyphen at either end",
    mend: "choose another: --cluster-name NAME",
  });
}

/** The cluster of a member beside others: its timers have distances to fit. */
function ringOf({ outcome, cluster }: UpResult): Cluster | undefined {
  return outcome !== "dry run" && cluster && cluster.members.length > 1 ? cluster : undefined;
}

function closing(result: UpResult, timers: readonly string[], { path }: Journal): string[] {
  const log = path === undefined ? "" : `     Log: ${path}`;
  const { node, cluster, outcome, tailnet, web } = result;
  if (outcome === "staged") {
    return ["", `${node} is in the tailnet, and in no cluster yet.`, `Next: tailmox up${log}`];
  }
  if (outcome === "dry run" || !cluster) return ["", "Dry run: nothing was changed."];
  const words: Record<Exclude<UpResult["outcome"], "dry run" | "staged">, string> = {
    "nothing to do": `Nothing to do: ${node} is a member of "${cluster.name}".`,
    changed: `${node} is a member of "${cluster.name}".`,
    created: `${node} is the first member of "${cluster.name}".`,
    joined: `${node} is a member of "${cluster.name}".`,
  };
  const next = outcome === "created" ? "tailmox up on the next host" : "tailmox status";
  const url = web?.url ?? (tailnet && `https://${tailnet.address}:8006`) ?? "";
  const about = timers.flatMap((line) => wrap(line, "", ""));
  return ["", words[outcome], `Web page: ${url}`, ...about, `Next: ${next}${log}`];
}
