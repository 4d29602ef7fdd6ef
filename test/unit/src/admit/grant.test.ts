import { describe, expect, test } from "bun:test";
import { acceptKey, withdrawKey } from "../../../../src/admit/grant.ts";
import { type Grant, grantLine } from "../../../../src/admit/key-line.ts";
import { ROOT_KEY } from "../rendezvous/facts.ts";
import { fakeHost } from "../up/fake-host.ts";

const CLUSTER_KEYS = "/etc/pve/priv/authorized_keys";
const NOW = new Date("2026-11-23T10:00:00Z");
const GRANT: Grant = {
  id: "0a1b2c3d",
  address: "100.64.0.7",
  key: ROOT_KEY,
  until: new Date("2026-11-23T10:10:00Z"),
};
const ADMIN = "ssh-ed25519 AAAAadmin admin@laptop\n";

describe("a key that is let in", () => {
  test("is accepted only once that is started which takes it away again", async () => {
    // Root's file is the link that it is on a member.
    const { transport, changes } = fakeHost({ [CLUSTER_KEYS]: ADMIN }, {});
    const linked = { ...transport, text: () => transport.text(CLUSTER_KEYS) };
    await acceptKey(linked, GRANT, NOW);
    expect(changes[0]).toStartWith(
      "run systemd-run --quiet --collect --unit=tailmox-admit-0a1b2c3d --on-active=630 ",
    );
    expect(changes[0]).toEndWith(`sed -i -e / tailmox admit-0a1b2c3d$/d ${CLUSTER_KEYS}`);
    expect(changes.slice(1)).toEqual([`write ${CLUSTER_KEYS}`]);
    expect(await transport.text(CLUSTER_KEYS)).toBe(`${ADMIN}${grantLine(GRANT)}\n`);
  });

  test("is not accepted where that cannot be started", async () => {
    const failing = { "systemd-run": { exitCode: 1, stderr: "no bus" } };
    const { transport, changes } = fakeHost({ [CLUSTER_KEYS]: ADMIN }, failing);
    await expect(acceptKey(transport, GRANT, NOW)).rejects.toMatchObject({
      code: "E_ADMIT_KEY",
      likely: "no bus",
    });
    expect(changes).toEqual([]);
  });

  test("is taken back where sshd does not read it", async () => {
    const files = { [CLUSTER_KEYS]: ADMIN, "/root/.ssh/authorized_keys": "a plain file\n" };
    const { transport, changes } = fakeHost(files, {});
    await expect(acceptKey(transport, GRANT, NOW)).rejects.toMatchObject({ code: "E_ADMIT_KEY" });
    expect(await transport.text(CLUSTER_KEYS)).toBe(ADMIN);
    expect(changes.at(-1)).toBe("run systemctl stop tailmox-admit-0a1b2c3d.timer");
  });

  test("goes, and after a join stays by a line of its own: pvecm's, or one like it", async () => {
    const own = `${ROOT_KEY} root@pve3\n`;
    const cases = [
      { text: "", joined: false, left: ADMIN },
      { text: own, joined: { node: "pve3" }, left: `${ADMIN}${own}` },
      { text: "", joined: { node: "pve3" }, left: `${ADMIN}${own}` },
    ] as const;
    for (const { text, joined, left } of cases) {
      const { transport } = fakeHost({ [CLUSTER_KEYS]: `${ADMIN}${grantLine(GRANT)}\n${text}` }, {});
      await withdrawKey(transport, GRANT, { joined });
      expect(await transport.text(CLUSTER_KEYS)).toBe(left);
    }
  });
});
