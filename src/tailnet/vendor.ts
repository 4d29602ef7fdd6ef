import { readFile } from "node:fs/promises";
import { UserError } from "../errors.ts";

/** The vendor's package repository for a Debian release. Source: tailscale.md 7. */
export const KEYRING_PATH = "/usr/share/keyrings/tailscale-archive-keyring.gpg";
export const LIST_PATH = "/etc/apt/sources.list.d/tailscale.list";

export type Codename = "bookworm" | "trixie";

/** The list file: one line, by the name and in the form that the vendor's own updater recognises. */
export function sourcesList(codename: Codename): string {
  return [
    `# Tailscale packages for debian ${codename}`,
    `deb [signed-by=${KEYRING_PATH}] ${REPOSITORY} ${codename} main`,
    "",
  ].join("\n");
}

/** Fetches the repository's signing key. Throws E_TAILSCALE_INSTALL. Bounded to 20 s. */
export async function fetchKeyring(codename: Codename): Promise<Uint8Array> {
  const url = `${REPOSITORY}/${codename}.noarmor.gpg`;
  // The host's own list of authorities: a place with a TLS gateway of its own has its authority there.
  const ca = await readFile("/etc/ssl/certs/ca-certificates.crt", "utf8").catch(() => undefined);
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000), ...(ca && { tls: { ca } }) }).catch(
    (cause: unknown) => {
      throw failed(url, cause instanceof Error ? cause.message : String(cause), cause);
    },
  );
  if (!answer.ok) throw failed(url, `the server answered ${answer.status} ${answer.statusText}`);
  const key = new Uint8Array(await answer.arrayBuffer());
  // An OpenPGP packet has its highest bit set: a captive portal's page has not.
  if (key.length < 100 || ((key[0] ?? 0) & 0x80) === 0) throw failed(url, "what came back is not a key");
  return key;
}

const REPOSITORY = "https://pkgs.tailscale.com/stable/debian";

function failed(url: string, likely: string, cause?: unknown): UserError {
  return new UserError("E_TAILSCALE_INSTALL", `${url} could not be fetched`, {
    likely,
    mend: "look whether this host reaches the internet (name server, clock, proxy), then run tailmox up again",
    cause,
  });
}
