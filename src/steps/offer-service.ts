import { UserError } from "../errors.ts";
import type { Argv, Host, Reader } from "../host/host.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { type Port443, WEB_TARGET } from "../tailnet/serve.ts";
import { readServicePort, type ServiceName, servicesWithWebPage } from "../tailnet/service-host.ts";
import type { Step } from "./step.ts";

/** This host as one of those that answer for the Service: one name for the web pages of all members. */
export function offerService(name: ServiceName): Step {
  const { service, dnsName } = name;
  return {
    name: "Service",
    title: `offer to answer for ${service}: the web page at https://${dnsName} (tailscale serve --service)`,
    why: "one name for all members; the control server sends each browser to one that answers",
    usually: "usually 2 s",
    check: (host) => isOffered(host, name),
    do: async (host) => {
      const argv: Argv = ["tailscale", "serve", `--service=${service}`, "--yes", "--https=443", WEB_TARGET];
      const change = { what: `offer ${service}`, undo: `tailscale serve clear ${service}` };
      const result = await host.change(change, (writer) => writer.run(argv, { timeoutMs: LONGEST_MS }));
      // Whether it is approved is said by older facts, and exit 0 may mean that nothing was done (tailscale.md 1.12).
      if (await isOffered(host, name)) return `offered`;
      const words = result.timedOut ? `it did not end in ${LONGEST_MS / 1000} s` : result.stderr.trim();
      throw new UserError("E_WEB_FAILED", `Tailscale does not offer ${service}`, {
        likely: words || result.stdout.trim() || "it gave no reason",
        mend: "tailscale serve status --json; then tailmox up again, or without --service",
      });
    },
    undo: (host) => withdrawService(host, service),
  };
}

/** Takes this host away from those that answer for a Service. */
export function withdrawService(host: Host, service: string): Promise<void> {
  const change = { what: `tailscale serve clear ${service}`, undo: `tailmox up --service ${service}` };
  return host.change(change, async (writer) => {
    await writer.run(["tailscale", "serve", "clear", service], { timeoutMs: LONGEST_MS });
  });
}

/** undefined when tailscale does not answer in a form that tailmox knows. */
export async function askServicePort(reader: Reader, name: ServiceName): Promise<Port443 | undefined> {
  const argv = ["tailscale", "serve", "status", "--json"] as const;
  const { exitCode, stdout } = await reader.run(argv, { timeoutMs: 15_000 });
  return exitCode === 0 ? readServicePort(stdout, name) : undefined;
}

/** The Services at whose name this host serves the web page. */
export async function askOwnServices(reader: Reader, hostDnsName: string): Promise<string[]> {
  const argv = ["tailscale", "serve", "status", "--json"] as const;
  const { exitCode, stdout } = await reader.run(argv, { timeoutMs: 15_000 });
  return exitCode === 0 ? servicesWithWebPage(stdout, hostDnsName) : [];
}

/** A host answers only when it both has the handler and advertises it (tailscale.md 5). */
async function isOffered(host: Host, name: ServiceName): Promise<boolean> {
  const [port, facts] = await Promise.all([askServicePort(host, name), readTailnet(host)]);
  const advertises = facts.kind === "answers" && facts.prefs.advertisedServices.includes(name.service);
  return port?.kind === "web page" && advertises;
}

const LONGEST_MS = 30_000;
