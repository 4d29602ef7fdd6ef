import { createHash } from "node:crypto";

/** Of a public ssh key (type and key), as ssh-keygen -l shows it. */
export function fingerprint(key: string): string {
  const [, blob = ""] = key.split(" ");
  const digest = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}
