import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import { tryTls } from "../host/tls.ts";
import { CERTIFICATE, daysUntil, readProxyCertificate } from "../proxmox/web-certificate.ts";
import type { Step } from "./step.ts";

export interface SetCertificateSpec {
  readonly node: string;
  readonly dnsName: string;
  readonly address: string;
}

/** Tailscale's certificate before pveproxy; after a join, since a join takes it away. Source: proxmox.md 9. */
export function setCertificate({ node, dnsName, address }: SetCertificateSpec): Step {
  return {
    name: "pveproxy",
    title: `let the web page show that certificate at https://${dnsName}:8006 (pvenode cert set)`,
    usually: "usually 3 s",
    check: async (host) => (await readProxyCertificate(host, node)) === "tailmox",
    do: async (host, doing) => {
      doing("pvenode cert set");
      await host.change(
        { what: "pvenode cert set, with Tailscale's certificate", undo: "pvenode cert delete --restart 1" },
        async (writer) => {
          // Without --force: somebody else's certificate is never replaced, not even one that came just now.
          const argv = [
            "pvenode",
            "cert",
            "set",
            CERTIFICATE.cert,
            CERTIFICATE.key,
            "--restart",
            "1",
          ] as const;
          const { exitCode, stderr } = await writer.run(argv, { timeoutMs: 60_000 });
          if (exitCode !== 0) throw failed(stderr.trim());
          await writer.write(CERTIFICATE.set, (await writer.text(CERTIFICATE.cert)) ?? "", 0o600);
        },
      );
      doing("trying it");
      const validTo = await poll(30_000, 1_000, async () => {
        const answer = await tryTls({ address, port: 8006, name: dnsName });
        return answer.kind === "verified" ? answer.validTo : undefined;
      });
      if (!validTo) throw failed("pveproxy shows another one after 30 s");
      return `https://${dnsName}:8006, valid for ${daysUntil(validTo)} days`;
    },
    undo: async (host) => {
      if ((await readProxyCertificate(host, node)) !== "tailmox") return;
      await host.change({ what: "pvenode cert delete", undo: "tailmox up --web cert" }, async (writer) => {
        await writer.run(["pvenode", "cert", "delete", "--restart", "1"], { timeoutMs: 60_000 });
      });
    },
  };
}

function failed(likely: string): UserError {
  return new UserError("E_WEB_FAILED", "Tailscale's certificate could not be set for the web page", {
    likely: likely || "pvenode gave no reason",
    mend: "pvenode cert info; journalctl -u pveproxy. Then tailmox up again, or --web none",
  });
}
