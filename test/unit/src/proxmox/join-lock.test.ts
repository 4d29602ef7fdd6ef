import { expect, test } from "bun:test";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { takeJoinLock } from "../../../../src/proxmox/join-lock.ts";
import { fakeHost } from "../up/fake-host.ts";

/** A member on which the lock is held in this name. */
function heldBy(name: string) {
  const taken = { exitCode: 1, stderr: "Failed to start transient service unit: Unit was already loaded" };
  const fake = fakeHost({}, { "systemd-run": taken, "systemctl show": `Description=${name}\n` });
  return openHost(fake.transport, openGate(noJournal), noJournal);
}

const quickly = { waitMs: 100, waiting: () => undefined };

test("a lock in this host's own name is that of a run that died: it is taken over, not waited for", async () => {
  const lock = await takeJoinLock(heldBy("pve3"), "pve3", quickly);
  await lock.release();
});

test("another host's lock is waited for, and named when it does not end", async () => {
  await expect(takeJoinLock(heldBy("pve2"), "pve3", quickly)).rejects.toThrow("pve2 is joining this cluster");
});
