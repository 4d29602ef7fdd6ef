import { createHash, createHmac, createSign, createVerify, timingSafeEqual } from "node:crypto";

/** Seconds that a ticket and its CSRF token are good for (proxmox.md 5.1). */
export const TICKET_LIFETIME = 2 * 60 * 60;
/** Seconds that another member's clock may be ahead. */
const CLOCK_SLACK = 300;

/** `PVE:USER:HEXTIME::SIGNATURE`, signed with the cluster's ticket key. */
export function signTicket(user: string, privateKey: string, now: number): string {
  const plain = `PVE:${user}:${hexTime(now)}`;
  return `${plain}::${createSign("RSA-SHA1").update(plain).sign(privateKey, "base64")}`;
}

/** The user of a good ticket; undefined when it is forged, malformed or too old. Times in epoch seconds. */
export function verifyTicket(ticket: string, publicKey: string, now: number): string | undefined {
  const [, plain = "", user, time = "", signature = ""] =
    /^(PVE:([^:\s]+):([0-9A-F]{8}))::([A-Za-z0-9+/=]+)$/.exec(ticket) ?? [];
  if (!isFresh(time, now)) return undefined;
  const genuine = createVerify("RSA-SHA1").update(plain).verify(publicKey, signature, "base64");
  return genuine ? user : undefined;
}

/** The token against cross-site requests that belongs to a user's session: `HEXTIME:DIGEST`. */
export function csrfToken(user: string, secret: string, now: number): string {
  const time = hexTime(now);
  return `${time}:${digest(user, secret, time)}`;
}

/** true when the token was made for this user not too long ago. */
export function verifyCsrfToken(token: string, user: string, secret: string, now: number): boolean {
  const [, time = "", given = ""] = /^([0-9A-F]{8}):(.*)$/.exec(token) ?? [];
  const wanted = digest(user, secret, time);
  return (
    isFresh(time, now) &&
    given.length === wanted.length &&
    timingSafeEqual(Buffer.from(given), Buffer.from(wanted))
  );
}

function digest(user: string, secret: string, time: string): string {
  const key = createHash("sha256").update(secret).digest();
  return createHmac("sha256", key).update(`${time}:${user}`).digest("base64").replace(/=+$/, "");
}

function isFresh(hex: string, now: number): boolean {
  const age = now - Number.parseInt(hex, 16);
  return age > -CLOCK_SLACK && age < TICKET_LIFETIME;
}

function hexTime(now: number): string {
  return now.toString(16).toUpperCase().padStart(8, "0");
}
