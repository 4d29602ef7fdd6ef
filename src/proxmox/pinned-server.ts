import { connect } from "node:tls";
import { UserError } from "../errors.ts";

/** A Proxmox web server as it presented itself at its tailnet address. */
export interface PinnedServer {
  readonly address: string;
  /** SHA-256 of the certificate, in the form that `pvecm add --fingerprint` takes. */
  readonly fingerprint: string;
  readonly certificate: string;
}

/**
 * Fetches the certificate that port 8006 presents, without believing it. What makes it trustworthy is the
 * tunnel: it has proven who holds the tailnet address. Throws E_PEER_UNREACHABLE. Bounded to 8 s.
 */
export function pinServer(address: string): Promise<PinnedServer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port: 8006, rejectUnauthorized: false });
    const fail = (reason: string) => {
      clearTimeout(timer);
      socket.destroy();
      reject(
        new UserError("E_PEER_UNREACHABLE", `the web server of ${address} showed no certificate: ${reason}`, {
          likely: "pveproxy does not run there, or /etc/default/pveproxy denies this host",
          mend: `on that host: systemctl status pveproxy`,
        }),
      );
    };
    const timer = setTimeout(() => fail("no answer in 8 s"), 8_000);
    socket.once("error", (error) => fail(error.message));
    socket.once("secureConnect", () => {
      const { raw, fingerprint256 } = socket.getPeerCertificate();
      if (!raw || !fingerprint256) return fail("it presented none");
      clearTimeout(timer);
      socket.destroy();
      resolve({ address, fingerprint: fingerprint256, certificate: asPem(raw) });
    });
  });
}

function asPem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
