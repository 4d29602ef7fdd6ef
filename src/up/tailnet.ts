import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { keepSecret } from "../host/redact.ts";
import type { OwnNode } from "../proxmox/own-node.ts";
import { applySteps } from "../steps/apply.ts";
import { installTailscale } from "../steps/install-tailscale.ts";
import { logIn } from "../steps/log-in.ts";
import { resumeTailscale } from "../steps/resume-tailscale.ts";
import { startTailscaled } from "../steps/start-tailscaled.ts";
import type { Step } from "../steps/step.ts";
import { readTailnet, type TailnetFacts } from "../tailnet/facts.ts";
import { keyObjection } from "../tailnet/login.ts";
import type { TailnetStatus } from "../tailnet/status.ts";
import { agreed } from "./consent.ts";
import type { Company, UpOptions } from "./options.ts";
import { assertFit, settingsThatHurt } from "./tailnet-fitness.ts";

export interface OwnTailnet {
  readonly status: TailnetStatus;
  readonly address: string;
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
  const phase = talk.phase("Tailscale", "looking at Tailscale");
  let facts = await readTailnet(host);
  const steps = planTailnet(facts, node, options);
  if (steps.length > 0) {
    phase.absent(missingWords(facts));
    const plan = { title: `Plan for ${node.name}, the tailnet`, steps, losses: [] };
    if (!(await agreed(plan, options, company))) return undefined;
    await applySteps(host, steps, talk);
    facts = await readTailnet(host);
  }
  const result = steps.length > 0 ? talk.phase("Tailscale", "looking again") : phase;
  const { status, address } = assertFit(facts, options);
  result.ok(`running, ${options.tag}, ${address} (${status.self.dnsName})`);
  if (facts.kind === "answers") talk.note(...settingsThatHurt(facts.prefs));
  return { status, address };
}

/** The steps that still lead to a login; none when this host is logged in. Throws E_AUTH_KEY without a usable key. */
function planTailnet(facts: TailnetFacts, { codename }: OwnNode, options: UpOptions): Step[] {
  const login = () => logIn({ ...options, authKey: usableKey(options) });
  switch (facts.kind) {
    case "not installed":
      return [installTailscale(codename), login()];
    case "daemon down":
      // A login that it had comes back with it: then the step "log in" finds that it holds already.
      return options.authKey === undefined ? [startTailscaled()] : [startTailscaled(), login()];
    case "answers":
      if (facts.status.state === "Stopped") return [resumeTailscale()];
      return ["NeedsLogin", "NoState"].includes(facts.status.state) ? [login()] : [];
  }
}

function usableKey({ authKey: key, loginServer }: UpOptions): string {
  if (key === undefined) {
    throw new UserError(
      "E_AUTH_KEY",
      "this host is not logged in to the tailnet, and no auth key was given",
      {
        likely: "it is the first run on this host",
        mend: "make a key that carries tag:tailmox, put it in a file, then: tailmox up --auth-key-file FILE",
      },
    );
  }
  keepSecret(key);
  const objection = keyObjection(key, loginServer);
  if (objection === undefined) return key;
  throw new UserError("E_AUTH_KEY", `the auth key cannot be used: ${objection}`, {
    likely: "another kind of secret was given, or a flag or a part of the key is missing",
    mend: "an auth key (reusable, not ephemeral, with tag:tailmox); OAuth secrets need ?ephemeral=false",
  });
}

function missingWords(facts: TailnetFacts): string {
  switch (facts.kind) {
    case "not installed":
      return "not installed";
    case "daemon down":
      return "installed, but tailscaled does not answer";
    case "answers":
      return facts.status.state === "Stopped" ? "logged in, but stopped" : "not logged in";
  }
}
