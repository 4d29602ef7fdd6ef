import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Argv, Host, Reader, Writer } from "../host/host.ts";
import type { RunResult } from "../host/run.ts";
import { tryTls } from "../host/tls.ts";
import { type Port443, readPort443, WEB_TARGET } from "../tailnet/serve.ts";
import type { Step } from "./step.ts";

export interface ServeSpec {
  readonly dnsName: string;
  readonly address: string;
}

/** The web page of Proxmox at https://NAME, without a port and with a certificate that browsers know. */
export function serveWeb({ dnsName, address }: ServeSpec): Step {
  return {
    name: "web page",
    title: `show the web page at https://${dnsName} (tailscale serve, 443 to 8006)`,
    why: "only inside the tailnet",
    usually: "usually 2 s",
    check: async (host) => (await askPort443(host, dnsName))?.kind === "web page",
    do: async (host, doing) => {
      doing("tailscale serve");
      await host.change(
        { what: "tailscale serve 443 to 8006", undo: "tailscale serve --https=443 off" },
        (writer) => serve(writer, dnsName),
      );
      doing("trying it");
      // tailscaled loads the certificate with the first connection.
      const verified = await poll(45_000, 1_000, async () => {
        const answer = await tryTls({ address, port: 443, name: dnsName });
        return answer.kind === "verified" ? true : undefined;
      });
      if (!verified) throw failed("its certificate could not be verified", "journalctl -u tailscaled");
      return `https://${dnsName}`;
    },
    undo: (host) => stopServing(host),
  };
}

/** Takes the web page away from port 443. */
export function stopServing(host: Host): Promise<void> {
  return host.change(
    { what: "tailscale serve --https=443 off", undo: "tailmox up --web serve" },
    async (writer) => {
      await writer.run(["tailscale", "serve", "--yes", "--https=443", "off"], { timeoutMs: 30_000 });
    },
  );
}

/** undefined when tailscale does not answer in a form that tailmox knows. */
export async function askPort443(reader: Reader, dnsName: string): Promise<Port443 | undefined> {
  const { exitCode, stdout } = await reader.run(["tailscale", "serve", "status", "--json"], {
    timeoutMs: 15_000,
  });
  return exitCode === 0 ? readPort443(stdout, dnsName) : undefined;
}

/**
 * Where the tailnet has no consent yet, serve shows a page and waits for ever, or ends with 0 and has done
 * nothing: so it is bounded, and what counts is the settings after it. Source: tailscale.md 1.12.
 */
async function serve(writer: Writer, dnsName: string): Promise<void> {
  const argv: Argv = ["tailscale", "serve", "--bg", "--yes", "--https=443", WEB_TARGET];
  let result = await writer.run(argv, { timeoutMs: LONGEST_MS });
  if (result.stderr.includes("Another client is changing the serve config")) {
    result = await writer.run(argv, { timeoutMs: LONGEST_MS });
  }
  if ((await askPort443(writer, dnsName))?.kind === "web page") return;
  throw failed(why(result), consentPage(result) ?? "tailscale serve status; journalctl -u tailscaled");
}

const LONGEST_MS = 30_000;

function why(result: RunResult): string {
  if (consentPage(result)) return "the tailnet wants a person's consent to it first";
  if (result.timedOut) return `tailscale serve did not end in ${LONGEST_MS / 1000} s`;
  return result.stderr.trim() || result.stdout.trim() || "tailscale serve did nothing, and gave no reason";
}

function consentPage({ stdout, stderr }: RunResult): string | undefined {
  const url = /https?:\/\/\S+\/f\/\S+/.exec(stdout + stderr)?.[0];
  return url === undefined ? undefined : `open ${url}, switch it on`;
}

function failed(likely: string, mend: string): UserError {
  return new UserError("E_WEB_FAILED", "Tailscale does not serve the web page", {
    likely,
    mend: `${mend}; then tailmox up again, or without it: tailmox up --web none`,
  });
}
