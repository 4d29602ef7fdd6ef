import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { keepSecret } from "../host/redact.ts";
import type { OwnNode } from "../proxmox/own-node.ts";
import { applySteps } from "../steps/apply.ts";
import { awaitApproval } from "../steps/await-approval.ts";
import { installTailscale } from "../steps/install-tailscale.ts";
import { logIn } from "../steps/log-in.ts";
import { resumeTailscale } from "../steps/resume-tailscale.ts";
import { startTailscaled } from "../steps/start-tailscaled.ts";
import type { Step } from "../steps/step.ts";
import { type Prefs, readTailnet, type TailnetFacts } from "../tailnet/facts.ts";
import { keyObjection } from "../tailnet/login.ts";
import type { TailnetStatus } from "../tailnet/status.ts";
import { agreed } from "./consent.ts";
import type { Company, UpOptions } from "./options.ts";
import { askAboutSettings } from "./settings.ts";
import { assertFit, assertReachable } from "./tailnet-fitness.ts";
import { webIntent } from "./web.ts";

export interface OwnTailnet {
  readonly status: TailnetStatus;
  readonly prefs: Prefs;
  readonly address: string;
  /** The plan that was agreed to told of the web page, too. */
  readonly webAgreed: boolean;
}

/**
 * Phase 2: Tailscale installed, logged in, tagged. Gives undefined when a dry run ends here, because what
 * comes after can only be known from inside the tailnet.
 */
export async function joinTailnet(
  host: Host,
  node: OwnNode,
  options: UpOptions,
  company: Company,
): Promise<OwnTailnet | undefined> {
  const { talk } = company;
  let phase = talk.phase("Tailscale", "looking at Tailscale");
  let facts = await settledTailnet(host);
  let webAgreed = false;
  // What a daemon that was down has to say is known only when it runs: so there can be a second plan.
  for (let round = 0; round < MOST_PLANS; round++) {
    const steps = planTailnet(facts, node, options, company);
    if (steps.length === 0) break;
    phase.absent(missingWords(facts));
    const intent = steps.some(({ name }) => name === "log in") ? webIntent(options) : [];
    const plan = { title: `Plan for ${node.name}, the tailnet`, steps: [...steps, ...intent], losses: [] };
    if (!(await agreed(plan, options, company))) return undefined;
    webAgreed ||= intent.length > 0;
    await applySteps(host, steps, talk);
    phase = talk.phase("Tailscale", "looking again");
    facts = await settledTailnet(host);
  }
  const tailnet: OwnTailnet = { ...assertFit(facts, options), webAgreed };
  phase.ok(`running, ${options.tag}, ${tailnet.address} (${tailnet.status.self.dnsName})`);
  await askAboutSettings(host, node.name, tailnet, options, company);
  const after = await readTailnet(host);
  if (after.kind !== "answers") return tailnet;
  if (!options.dryRun) assertReachable(after.prefs);
  return { ...tailnet, prefs: after.prefs };
}

const MOST_PLANS = 3;

/** A daemon that has just started does not yet know whether it is logged in. */
async function settledTailnet(host: Host): Promise<TailnetFacts> {
  const settled = await poll(15_000, 500, async () => {
    const facts = await readTailnet(host);
    const unsettled = facts.kind === "answers" && ["NoState", "Starting"].includes(facts.status.state);
    return unsettled ? undefined : facts;
  });
  return settled ?? readTailnet(host);
}

/** The steps that still lead to a login; none when this host is logged in. Throws E_AUTH_KEY for an unusable key. */
function planTailnet(
  facts: TailnetFacts,
  { codename }: OwnNode,
  options: UpOptions,
  { talk }: Company,
): Step[] {
  const patience = { personMs: options.loginTimeoutMs, visit: talk.visit };
  const login = () => logIn({ ...options, authKey: usableKey(options), patience });
  if (facts.kind === "not installed") return [installTailscale(codename), login()];
  if (facts.kind === "daemon down") return [startTailscaled()];
  switch (facts.status.state) {
    case "Stopped":
      return [resumeTailscale()];
    case "NeedsLogin":
    case "NoState":
      return [login()];
    case "NeedsMachineAuth":
      return [awaitApproval(facts.prefs.loginServer || undefined, patience)];
    default:
      return [];
  }
}

/** undefined without a key: then somebody logs in by a link. */
function usableKey({ authKey: key, loginServer, tag }: UpOptions): string | undefined {
  if (key === undefined) return undefined;
  keepSecret(key);
  const objection = keyObjection(key, loginServer);
  if (objection === undefined) return key;
  throw new UserError("E_AUTH_KEY", `the auth key cannot be used: ${objection}`, {
    likely: "another kind of secret was given, or a flag or a part of the key is missing",
    mend: `an auth key (reusable, not ephemeral, with ${tag}); OAuth secrets need ?ephemeral=false`,
  });
}

function missingWords(facts: TailnetFacts): string {
  switch (facts.kind) {
    case "not installed":
      return "not installed";
    case "daemon down":
      return "installed, but tailscaled does not answer";
    case "answers":
      return STATES[facts.status.state] ?? "not logged in";
  }
}

const STATES: Readonly<Record<string, string>> = {
  Stopped: "logged in, but stopped",
  NeedsMachineAuth: "logged in, waits for approval",
};
