import { describe, expect, test } from "bun:test";
import { UserError } from "../../../../src/errors.ts";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { publishConf } from "../../../../src/tune/publish.ts";
import { fakeHost } from "../up/fake-host.ts";

const conf = { "/etc/pve/corosync.conf": "old", "/etc/corosync/corosync.conf": "old" };
const words = { what: "a test", undo: "nothing" };

function made(files: Record<string, string>, react?: Parameters<typeof fakeHost>[2]) {
  const fake = fakeHost(files, {}, react);
  return { changes: fake.changes, host: openHost(fake.transport, openGate(noJournal), noJournal) };
}

async function codeOf(act: Promise<unknown>): Promise<string> {
  const error = await act.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof UserError ? error.code : "no error";
}

describe("replacing the cluster's corosync.conf", () => {
  test("is done under Proxmox's lock, beside it and by rename", async () => {
    const { host, changes } = made(conf);
    await publishConf(host, "old", "new", words);
    expect(await host.text("/etc/pve/corosync.conf")).toBe("new");
    expect(changes).toEqual([
      "run mkdir -p /etc/pve/priv/lock",
      "run mkdir /etc/pve/priv/lock/file-corosync_conf",
      "run dd of=/etc/pve/corosync.conf.tailmox status=none",
      "run mv -f -T /etc/pve/corosync.conf.tailmox /etc/pve/corosync.conf",
      "run rmdir /etc/pve/priv/lock/file-corosync_conf",
    ]);
  });

  test("is refused when somebody else has changed the file, and the lock is given back", async () => {
    const { host, changes } = made({ ...conf, "/etc/pve/corosync.conf": "theirs" });
    expect(await codeOf(publishConf(host, "old", "new", words))).toBe("E_TUNE_CHANGED");
    expect(await host.text("/etc/pve/corosync.conf")).toBe("theirs");
    expect(changes.at(-1)).toBe("run rmdir /etc/pve/priv/lock/file-corosync_conf");
  });

  test("without quorum nothing is written", async () => {
    const { host } = made(conf, (line) =>
      line.startsWith("mkdir") ? { exitCode: 1, stderr: "mkdir: Permission denied" } : undefined,
    );
    expect(await codeOf(publishConf(host, "old", "new", words))).toBe("E_TUNE_WRITE");
    expect(await host.text("/etc/pve/corosync.conf")).toBe("old");
  });
});
