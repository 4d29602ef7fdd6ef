import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host, Reader } from "../host/host.ts";
import { tryTls } from "../host/tls.ts";
import { daysUntil } from "../proxmox/web-certificate.ts";
import { applySteps } from "../steps/apply.ts";
import { askServicePort, offerService } from "../steps/offer-service.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { approvedAddresses, type ServiceName, serviceNameBeside } from "../tailnet/service-host.ts";
import type { TailnetStatus } from "../tailnet/status.ts";
import { agreed } from "./consent.ts";
import type { Company, UpOptions } from "./options.ts";

/** How a Service stands after `up`; in the `result` of --json. */
export interface OfferedService extends ServiceName {
  /** Approved by the control server, so that it sends browsers here. */
  readonly approved: boolean;
  /** What a connection to the Service's own address showed; absent where none was tried. */
  readonly answers?: boolean;
}

/**
 * Before anything is changed: whether this host can offer the Service at all. Throws E_NO_SUCH_FEATURE where the
 * tailnet or its client has no Services, E_WEB_REFUSED where port 443 of it is somebody else's.
 */
export async function assertServiceCan(
  reader: Reader,
  status: TailnetStatus,
  service: string,
): Promise<ServiceName> {
  if (status.certifiable.length === 0) {
    throw lacks("this tailnet has no HTTPS certificates, and so no Services", {
      likely: "they are switched off in the admin console (DNS); headscale has neither",
      mend: "leave out --service",
    });
  }
  if (isOlder(status.version)) {
    throw lacks(`Tailscale ${status.version} has no Services`, {
      likely: "they came with 1.86; this host's client is older",
      mend: "apt-get install tailscale; or leave out --service",
    });
  }
  const name = serviceNameBeside(service, status.self.dnsName);
  const port = await askServicePort(reader, name);
  if (port?.kind === "free" || port?.kind === "web page") return name;
  throw new UserError("E_WEB_REFUSED", `${service} cannot be offered: its port 443 is somebody else's`, {
    likely: port?.words ?? "tailscale serve answers in a form that tailmox does not know",
    mend: `tailscale serve status --json; another name with --service, or: tailscale serve clear ${service}`,
  });
}

/**
 * After the join, since tickets of the web page are good on every member only then (tailscale.md 5): offers the
 * Service, and tells what approval is still missing. undefined in a dry run.
 */
export async function showService(
  host: Host,
  node: string,
  name: ServiceName,
  options: UpOptions,
  company: Company,
  approvalMs = 10_000,
): Promise<OfferedService | undefined> {
  const { talk } = company;
  const step = offerService(name);
  if (!(await step.check(host))) {
    const plan = { title: `Plan for ${node}, the Service`, steps: [step], losses: [] };
    if (!(await agreed(plan, options, company))) return undefined;
    await applySteps(host, [step], talk);
  }
  const phase = talk.phase("Service", `waiting for the approval of ${name.service} (usually 1-5 s)`);
  const addresses = await poll(approvalMs, 1_000, () => approved(host, name.service));
  if (!addresses) {
    phase.warn(`${name.service} is offered by this host, and not approved yet`);
    talk.note(...MISSING(name.service));
    return { ...name, approved: false };
  }
  const address = addresses.find((one) => one.includes("."));
  if (address === undefined) {
    phase.ok(`${name.service} is approved; it has no IPv4 address to try`);
    return { ...name, approved: true };
  }
  // tailscaled fetches the Service's own certificate with the first connection.
  const answer = await tryTls({ address, port: 443, name: name.dnsName }, 30_000);
  if (answer.kind === "verified") {
    phase.ok(`https://${name.dnsName}, certificate valid for ${daysUntil(answer.validTo)} days`);
  } else {
    phase.warn(`https://${name.dnsName} is approved, but does not answer here yet: ${answer.reason}`);
    talk.note(
      `Where it stays so: tailscale serve drain ${name.service}; tailscale serve advertise ${name.service}`,
    );
  }
  return { ...name, approved: true, answers: answer.kind === "verified" };
}

const MISSING = (service: string) => [
  `It answers nobody until the tailnet's administrator has defined ${service} and approved this host:`,
  `  tailmox service define --name ${service}      once for the tailnet`,
  "  tailmox policy apply                        members are approved by themselves from then on",
  `  tailmox service status --name ${service}      what is still missing, host by host`,
];

async function approved(host: Host, service: string): Promise<string[] | undefined> {
  const facts = await readTailnet(host);
  return facts.kind === "answers" ? approvedAddresses(facts.status.capabilities, service) : undefined;
}

/** Source: tailscale.md 5. An unknown version is not held against it. */
function isOlder(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return major === "1" && Number(minor) < 86;
}

function lacks(what: string, about: { likely: string; mend: string }): UserError {
  return new UserError("E_NO_SUCH_FEATURE", what, about);
}
