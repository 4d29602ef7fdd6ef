import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import {
  csrfToken,
  signTicket,
  TICKET_LIFETIME,
  verifyCsrfToken,
  verifyTicket,
} from "../../../lab/pve/access/tickets.ts";

const now = 1_795_414_027;
const keys = pair();

function pair(): { privateKey: string; publicKey: string } {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
}

describe("a ticket", () => {
  const ticket = signTicket("root@pam", keys.privateKey, now);

  test("has the form PVE:USER:TIME::SIGNATURE", () => {
    expect(ticket).toMatch(/^PVE:root@pam:[0-9A-F]{8}::[A-Za-z0-9+/]+=*$/);
  });

  test("names its user for two hours, and allows for another member's clock", () => {
    expect(verifyTicket(ticket, keys.publicKey, now)).toBe("root@pam");
    expect(verifyTicket(ticket, keys.publicKey, now + TICKET_LIFETIME - 1)).toBe("root@pam");
    expect(verifyTicket(ticket, keys.publicKey, now - 200)).toBe("root@pam");
    expect(verifyTicket(ticket, keys.publicKey, now + TICKET_LIFETIME)).toBeUndefined();
    expect(verifyTicket(ticket, keys.publicKey, now - 400)).toBeUndefined();
  });

  test("is worth nothing when it was changed, or signed by another cluster", () => {
    expect(verifyTicket(ticket.replace("root", "toor"), keys.publicKey, now)).toBeUndefined();
    expect(verifyTicket(ticket, pair().publicKey, now)).toBeUndefined();
    expect(verifyTicket("PVE:root@pam", keys.publicKey, now)).toBeUndefined();
    expect(verifyTicket("", keys.publicKey, now)).toBeUndefined();
  });
});

describe("a token against cross-site requests", () => {
  const token = csrfToken("root@pam", "secret", now);

  test("is good for its user, this secret and two hours", () => {
    expect(token).toMatch(/^[0-9A-F]{8}:[A-Za-z0-9+/]+$/);
    expect(verifyCsrfToken(token, "root@pam", "secret", now)).toBe(true);
    expect(verifyCsrfToken(token, "audit@pve", "secret", now)).toBe(false);
    expect(verifyCsrfToken(token, "root@pam", "other", now)).toBe(false);
    expect(verifyCsrfToken(token, "root@pam", "secret", now + TICKET_LIFETIME)).toBe(false);
    expect(verifyCsrfToken("", "root@pam", "secret", now)).toBe(false);
  });
});
