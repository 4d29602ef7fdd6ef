import { UserError } from "../errors.ts";
import type { Argv, Host, Writer } from "../host/host.ts";
import { CERTIFICATE, daysLeft } from "../proxmox/web-certificate.ts";
import type { Step } from "./step.ts";

/**
 * Tailscale's certificate for this host's name. tailscaled keeps it, and renews it while `serve` uses it; `toFiles`
 * keeps certificate and key in files of root's as well, for pveproxy. Source: tailscale.md 1.11.
 */
export function fetchCertificate(dnsName: string, { toFiles }: { toFiles: boolean }): Step {
  return {
    name: "certificate",
    title: `fetch a certificate for ${dnsName} through Tailscale`,
    why: PUBLIC,
    usually: "usually 5-30 s",
    // tailscaled answers from what it has kept, so asking again costs nothing.
    check: async () => false,
    do: async (host, doing) => {
      doing("asking the certificate authority");
      const pem = await host.change(
        { what: `fetch a certificate for ${dnsName}`, undo: `rm -r ${CERTIFICATE.folder}` },
        (writer) => (toFiles ? fetchFiles(writer, dnsName) : fetchCached(writer, dnsName)),
      );
      const days = daysLeft(pem);
      if (days === undefined) throw failed("what came is no certificate");
      return `valid for ${days} days`;
    },
    undo: removeFiles,
  };
}

/** Said before the question. */
export const PUBLIC =
  "the name becomes public by it, for good: every certificate is listed (certificate transparency)";

async function removeFiles(host: Host): Promise<void> {
  await host.change(
    { what: `remove ${CERTIFICATE.folder}`, undo: "tailmox up --web cert" },
    async (writer) => {
      for (const file of [CERTIFICATE.cert, CERTIFICATE.key, CERTIFICATE.set]) await writer.remove(file);
    },
  );
}

/** Without a key file the key stays with tailscaled, and only the certificate is printed. */
async function fetchCached(writer: Writer, dnsName: string): Promise<string> {
  const text = await cert(writer, ["--cert-file=-", dnsName]);
  return text.slice(text.indexOf("-----BEGIN"));
}

async function fetchFiles(writer: Writer, dnsName: string): Promise<string> {
  await writer.run(["install", "--directory", "--mode=700", CERTIFICATE.folder]);
  await cert(writer, [`--cert-file=${CERTIFICATE.cert}`, `--key-file=${CERTIFICATE.key}`, dnsName]);
  return (await writer.text(CERTIFICATE.cert)) ?? "";
}

async function cert(writer: Writer, words: readonly string[]): Promise<string> {
  const argv: Argv = ["tailscale", "cert", ...words];
  const result = await writer.run(argv, { timeoutMs: LONGEST_MS });
  if (result.exitCode === 0) return result.stdout;
  throw failed(result.timedOut ? `no answer in ${LONGEST_MS / 1000} s` : result.stderr.trim());
}

/** The authority asks for a DNS record, and looks for it from several places. */
const LONGEST_MS = 120_000;

function failed(likely: string): UserError {
  return new UserError("E_WEB_FAILED", "no certificate came through Tailscale", {
    likely: likely || "tailscale cert gave no reason",
    mend: "journalctl -u tailscaled; then tailmox up again, or without it: tailmox up --web none",
  });
}
