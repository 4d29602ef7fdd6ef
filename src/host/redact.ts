const known = new Set<string>();

/** Makes a secret known to this process, so that it is taken out of whatever is logged or shown. */
export function keepSecret(secret: string): void {
  if (secret.length > 0) known.add(secret);
}

/** The text without the secrets that this process knows, and without anything that has the form of a key. */
export function redact(text: string): string {
  let clean = text;
  for (const secret of known) {
    clean = clean.replaceAll(secret, "[secret]");
    // Inside a JSON line a quote or backslash of the secret stands escaped.
    clean = clean.replaceAll(JSON.stringify(secret).slice(1, -1), "[secret]");
  }
  return clean.replace(KEY_FORMS, "[secret]");
}

/** Keys of Tailscale and headscale, Proxmox tickets and API tokens (tailscale.md 2, proxmox.md 5.1). */
const KEY_FORMS = /\b(?:tskey|hskey)-[A-Za-z0-9-]+|\bPVE:[^\s"]+::[^\s"]+|\bPVEAPIToken=\S+/g;
