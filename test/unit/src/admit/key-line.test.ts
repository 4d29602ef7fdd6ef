import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type Grant,
  grantLine,
  hasOwnLine,
  withLine,
  withoutExpired,
  withoutGrant,
} from "../../../../src/admit/key-line.ts";
import { fingerprint } from "../../../../src/host/key-fingerprint.ts";
import { run } from "../../../../src/host/run.ts";
import { ROOT_KEY } from "../rendezvous/facts.ts";

const GRANT: Grant = {
  id: "0a1b2c3d",
  address: "100.64.0.7",
  key: ROOT_KEY,
  until: new Date("2026-11-23T10:15:00.123Z"),
};

describe("the line of a grant", () => {
  test("is bound to one address and a time, and told from pvecm's own line of the same key", () => {
    expect(grantLine(GRANT)).toBe(
      `from="100.64.0.7",expiry-time="20261123101500Z" ${ROOT_KEY} tailmox admit-0a1b2c3d`,
    );
    const own = `${ROOT_KEY} root@pve3\n`;
    expect(hasOwnLine(withLine("", grantLine(GRANT)), ROOT_KEY)).toBe(false);
    expect(hasOwnLine(withLine(own, grantLine(GRANT)), ROOT_KEY)).toBe(true);
    // How pvecm tells lines of one key: the second of two would go.
    expect(/(^|\s)ssh-(rsa|dsa)\s+(\S+)\s+\S+$/.test(grantLine(GRANT))).toBe(false);
  });

  test("comes and goes, and every other line stays byte for byte (property)", () => {
    const line = fc.stringMatching(/^[ -~]{0,40}$/);
    const end = fc.constantFrom("\n", "");
    fc.assert(
      fc.property(fc.array(line), end, (lines, last) => {
        const text = lines.length === 0 ? "" : lines.join("\n") + last;
        const accepted = withLine(text, grantLine(GRANT));
        expect(accepted).toContain(ROOT_KEY);
        const after = withoutGrant(accepted, GRANT.id);
        expect([text, `${text}\n`]).toContain(after);
      }),
    );
  });

  test("goes with the next grant once its time is over, and not before", () => {
    const text = withLine(`${ROOT_KEY} root@pve3\n`, grantLine(GRANT));
    expect(withoutExpired(text, new Date("2026-11-23T10:14:59Z"))).toBe(text);
    expect(withoutExpired(text, new Date("2026-11-23T10:15:01Z"))).toBe(`${ROOT_KEY} root@pve3\n`);
  });
});

test("a key's fingerprint is what ssh-keygen shows", async () => {
  const ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKUpTRnB2GFjkOYoG0+4FkQHqtzxwGhW1Q9fQO5vXxqs";
  const { exitCode, stdout } = await run(["ssh-keygen", "-l", "-f", "-"], { input: `${ed25519}\n` });
  expect(exitCode).toBe(0);
  expect(stdout).toContain(fingerprint(ed25519));
});
