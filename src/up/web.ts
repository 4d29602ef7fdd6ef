import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { tryTls } from "../host/tls.ts";
import { daysUntil } from "../proxmox/web-certificate.ts";
import { applySteps } from "../steps/apply.ts";
import { fetchCertificate, PUBLIC } from "../steps/fetch-certificate.ts";
import { renewCertificate } from "../steps/renew-certificate.ts";
import { serveWeb } from "../steps/serve-web.ts";
import { setCertificate } from "../steps/set-certificate.ts";
import type { Step } from "../steps/step.ts";
import { agreed } from "./consent.ts";
import type { Company, UpOptions } from "./options.ts";
import type { OwnTailnet } from "./tailnet.ts";
import type { Phase } from "./talk.ts";
import { chooseWeb, type WebKind } from "./web-choice.ts";
import { readWeb } from "./web-facts.ts";

/** How the web page is reached, beside its address and port; `reason` says why it is none. */
export interface Web {
  readonly kind: WebKind;
  readonly url?: string;
  readonly validDays?: number;
  readonly reason?: string;
}

export interface WebPhase {
  readonly web: Web;
  readonly changed: boolean;
  /** What can be done only when this host is a member; the plan has been agreed to. */
  readonly afterJoin: readonly Step[];
}

/** Phase 3: the web page under the host's name. Without --web nothing here stops `up`. */
export async function showWeb(
  host: Host,
  node: string,
  tailnet: OwnTailnet,
  options: UpOptions,
  company: Company,
): Promise<WebPhase> {
  const { talk } = company;
  const phase = talk.phase("Web", "looking at port 443 and the certificate");
  const { dnsName } = tailnet.status.self;
  const facts = await readWeb(host, node, tailnet);
  const choice = chooseWeb(facts, options.web);
  if (choice.kind === "none") {
    if (options.web !== undefined && options.web !== "none") throw refused(options.web, choice);
    phase.absent(`none: ${choice.why}`);
    return { web: { kind: "none", reason: choice.why }, afterJoin: [], changed: false };
  }
  const spec = { node, dnsName, address: tailnet.address };
  if (choice.holds) return { web: await verified(phase, choice.kind, spec), afterJoin: [], changed: false };
  const steps = options.staging
    ? { now: [fetchCertificate(dnsName, { toFiles: false })], later: [] }
    : stepsFor(choice.kind, spec);
  if (!tailnet.webAgreed) {
    phase.absent("not yet");
    const plan = {
      title: `Plan for ${node}, the web page`,
      steps: [...steps.now, ...steps.later],
      losses: [],
    };
    if (!(await agreed(plan, options, company)))
      return { web: { kind: choice.kind }, afterJoin: [], changed: false };
  } else {
    phase.pause();
  }
  try {
    await applySteps(host, steps.now, talk);
  } catch (error) {
    // Asked for by name it has to be; as a mere default it is no reason to have no cluster.
    if (options.web !== undefined || !(error instanceof UserError)) throw error;
    talk.phase("Web", "").warn(`none: ${error.message}: ${error.likely}`);
    talk.note(`Mend: ${error.mend}`);
    return {
      web: { kind: "none", reason: `${error.message}: ${error.likely}` },
      afterJoin: [],
      changed: false,
    };
  }
  if (options.staging || choice.kind === "cert") {
    talk
      .phase("Web", "")
      .ok(`certificate for ${dnsName} fetched${options.staging ? "" : ", set after the join"}`);
    return { web: { kind: choice.kind }, afterJoin: steps.later, changed: true };
  }
  return {
    web: await verified(talk.phase("Web", "trying it"), choice.kind, spec),
    afterJoin: [],
    changed: true,
  };
}

/** How the plan of a host that is not in the tailnet yet tells what will be done about its web page. */
export function webIntent({ web, staging }: UpOptions): { title: string; why?: string }[] {
  if (web === "none") return [];
  const where = web === undefined || staging ? ", if this tailnet gives certificates" : "";
  if (staging) return [{ title: `fetch a certificate for its name${where}`, why: PUBLIC }];
  const title =
    web === "cert" ? "give the web page Tailscale's certificate" : "show the web page at https://NAME";
  return [{ title: `${title}${where}`, why: PUBLIC }];
}

/** What is left of phase 3 when this host is a member. */
export async function finishWeb(
  host: Host,
  { web, afterJoin }: WebPhase,
  spec: { node: string; dnsName: string; address: string },
  { talk }: Company,
): Promise<Web> {
  if (afterJoin.length === 0) return web;
  await applySteps(host, afterJoin, talk);
  return verified(talk.phase("Web", "trying it"), web.kind, spec);
}

function stepsFor(
  kind: "serve" | "cert",
  spec: { node: string; dnsName: string; address: string },
): { now: Step[]; later: Step[] } {
  if (kind === "serve")
    return { now: [fetchCertificate(spec.dnsName, { toFiles: false }), serveWeb(spec)], later: [] };
  return {
    now: [fetchCertificate(spec.dnsName, { toFiles: true })],
    later: [setCertificate(spec), renewCertificate(spec)],
  };
}

/** The phase's verdict is what a TLS connection shows. */
async function verified(
  phase: Phase,
  kind: WebKind,
  { dnsName, address }: { dnsName: string; address: string },
): Promise<Web> {
  const port = kind === "serve" ? 443 : 8006;
  const url = `https://${dnsName}${port === 443 ? "" : `:${port}`}`;
  const answer = await tryTls({ address, port, name: dnsName });
  if (answer.kind === "verified") {
    const validDays = daysUntil(answer.validTo);
    phase.ok(`${url}, certificate valid for ${validDays} days`);
    return { kind, url, validDays };
  }
  phase.warn(`${url} does not answer as it should: ${answer.reason}`);
  return { kind, url, reason: answer.reason };
}

function refused(wish: WebKind, { why, mend }: { why: string; mend?: string }): UserError {
  return new UserError("E_WEB_REFUSED", `--web ${wish} cannot be: ${why}`, {
    likely: "it was found so on this host and its tailnet; nothing of the web page was changed",
    mend: mend ?? "tailmox up --web none",
  });
}
