import { readFile } from "node:fs/promises";
import { connect } from "node:tls";

/** What a TLS connection showed: a certificate that this host's own authorities vouch for, or why not. */
export type TlsAnswer =
  | { readonly kind: "verified"; readonly validTo: Date }
  | { readonly kind: "not verified"; readonly reason: string };

/** Connects to an address as a browser would by that name, and hangs up; never throws. Bounded by `timeoutMs`. */
export async function tryTls(
  { address, port, name }: { address: string; port: number; name: string },
  timeoutMs = 15_000,
): Promise<TlsAnswer> {
  // The host's own list: a place with a TLS gateway of its own has its authority there.
  const ca = await readFile("/etc/ssl/certs/ca-certificates.crt", "utf8").catch(() => undefined);
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, servername: name, ...(ca && { ca }) });
    const end = (answer: TlsAnswer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(
      () => end({ kind: "not verified", reason: `no answer in ${timeoutMs / 1000} s` }),
      timeoutMs,
    );
    socket.once("error", (error) => end({ kind: "not verified", reason: error.message }));
    socket.once("secureConnect", () => {
      const validTo = new Date(socket.getPeerCertificate().valid_to);
      if (socket.authorized && !Number.isNaN(validTo.getTime())) return end({ kind: "verified", validTo });
      end({ kind: "not verified", reason: String(socket.authorizationError || "no certificate") });
    });
  });
}
