import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { must } from "../../lab/machines/must.ts";
import type { HostPlan, LabPlan } from "../../lab/plan.ts";
import { describeLab } from "../lab-only.ts";
import { shell, threeHosts, trio } from "./three-hosts.ts";

describeLab("/etc/pve of a standalone host", () => {
  let plan: LabPlan;
  let hosts: readonly HostPlan[];
  const each = async (check: (host: HostPlan) => Promise<void>) => {
    await Promise.all(hosts.map(check));
  };

  beforeAll(async () => {
    plan = await threeHosts("test-standin-alone", 1);
    const [old, recent] = trio(plan);
    hosts = [old, recent];
  }, 300_000);

  afterAll(() => takeDown(plan), 60_000);

  test("is a FUSE mount of root and www-data, with its links and virtual files", () =>
    each(async (host) => {
      expect(await must(plan, host, "findmnt -no SOURCE,FSTYPE /etc/pve")).toBe("/dev/fuse fuse\n");
      expect(
        await must(plan, host, "cd /etc/pve && stat -c '%n %a %U:%G' . local .members priv priv/authkey.key"),
      ).toBe(`. 755 root:www-data
local 755 root:www-data
.members 440 root:www-data
priv 700 root:www-data
priv/authkey.key 600 root:www-data
`);
      expect(await must(plan, host, "readlink /etc/pve/local /etc/pve/qemu-server /etc/pve/lxc")).toBe(
        ["", "/qemu-server", "/lxc"].map((rest) => `nodes/${host.name}${rest}\n`).join(""),
      );
      const virtual = JSON.parse(
        await must(
          plan,
          host,
          "cd /etc/pve; echo [; cat .members; echo ,; cat .version; echo ,; cat .vmlist; echo ]",
        ),
      );
      expect(virtual[0]).toEqual({ nodename: host.name, version: 1 });
      expect(virtual[1]).toMatchObject({ starttime: expect.any(Number), clinfo: 1, kvstore: {} });
      expect(virtual[2]).toMatchObject({ version: expect.any(Number), ids: {} });
    }));

  test("is only for root and, but for priv, the group www-data", () =>
    each(async (host) => {
      const as = "setpriv --reuid=33 --regid=33 --clear-groups";
      expect((await shell(plan, host, `${as} cat /etc/pve/user.cfg >/dev/null`)).text).toBe("");
      expect((await shell(plan, host, `${as} ls /etc/pve/priv`)).text).toContain("Permission denied");
      expect((await shell(plan, host, `${as} touch /etc/pve/mine`)).text).toContain("Permission denied");
      const nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";
      expect((await shell(plan, host, `${nobody} cat /etc/pve/user.cfg`)).text).toContain(
        "Permission denied",
      );
    }));

  test("refuses what the real one refuses", () =>
    each(async (host) => {
      const refusals = [
        ["ln -s a /etc/pve/link", "Operation not permitted"],
        ["ln /etc/pve/user.cfg /etc/pve/hard", "Operation not permitted"],
        ["chmod 600 /etc/pve/user.cfg", "Operation not permitted"],
        ["chown nobody /etc/pve/user.cfg", "Operation not permitted"],
        ["rm /etc/pve/local", "Permission denied"],
        ["echo x >/etc/pve/.members", "Permission denied"],
        ["rmdir /etc/pve/priv", "Directory not empty"],
        ["head -c 1048577 /dev/zero >/etc/pve/big", "File too large"],
      ] as const;
      for (const [command, words] of refusals) {
        const { text, exitCode } = await shell(plan, host, command);
        expect([command, text]).toEqual([command, expect.stringContaining(words)]);
        expect(exitCode).not.toBe(0);
      }
      await must(
        plan,
        host,
        "chmod 640 /etc/pve/user.cfg && chown root:www-data /etc/pve/user.cfg && rm /etc/pve/big",
      );
    }));

  test("keeps its files when its process is killed, and through a restart", () =>
    each(async (host) => {
      await must(plan, host, "echo kept >/etc/pve/kept && kill -9 $(cat /run/pve-cluster.pid)");
      await must(plan, host, "sleep 1; systemctl is-active pve-cluster || systemctl start pve-cluster");
      expect(await must(plan, host, "cat /etc/pve/kept")).toBe("kept\n");
      await must(plan, host, "systemctl restart pve-cluster");
      expect(await must(plan, host, "cat /etc/pve/kept; stat -c %a /var/lib/pve-cluster/config.db")).toBe(
        "kept\n600\n",
      );
    }));

  test("is backed up and restored by sqlite3, while it runs and while it does not", () =>
    each(async (host) => {
      const sums = "cd /etc/pve && find . -type f ! -name '.*' -exec sha256sum {} + | sort";
      const before = await must(plan, host, sums);
      await must(plan, host, "sqlite3 /var/lib/pve-cluster/config.db .dump | gzip >/root/backup.sql.gz");
      await must(plan, host, "echo later >/etc/pve/later; systemctl stop pve-cluster");
      expect((await shell(plan, host, "ls -A /etc/pve")).text).toBe("");
      await must(
        plan,
        host,
        `rm /var/lib/pve-cluster/config.db* && zcat /root/backup.sql.gz | sqlite3 /var/lib/pve-cluster/config.db
         chmod 600 /var/lib/pve-cluster/config.db && systemctl start pve-cluster`,
      );
      expect(await must(plan, host, sums)).toBe(before);
    }));

  test("does not mount when the host's name has no address but a loopback one, and says why", () =>
    each(async (host) => {
      const named = "grep -v example.lan /root/hosts >/etc/hosts";
      await must(
        plan,
        host,
        `cp /etc/hosts /root/hosts; ${named}; echo '127.0.1.1 ${host.name}' >>/etc/hosts`,
      );
      const { text, exitCode } = await shell(plan, host, "systemctl restart pve-cluster");
      expect([exitCode, text]).not.toEqual([0, ""]);
      expect(
        await must(plan, host, "journalctl --sync; journalctl -u pve-cluster --no-pager -n 60"),
      ).toContain(
        `Unable to resolve node name '${host.name}' to a non-loopback IP address - missing entry in '/etc/hosts' or DNS?`,
      );
      expect((await shell(plan, host, "findmnt /etc/pve")).text).toBe("");
      await must(
        plan,
        host,
        "cp /root/hosts /etc/hosts; systemctl reset-failed pve-cluster; systemctl start pve-cluster",
      );
      expect(
        await must(plan, host, "journalctl --sync; journalctl -u pve-cluster --no-pager -n 5"),
      ).toContain(`resolved node name '${host.name}' to '${host.lan.address}' for default node IP address`);
    }));

  test("is served by `pmxcfs -l` as well, which ends by its process id or by name, and is never run twice", () =>
    each(async (host) => {
      await must(plan, host, "systemctl stop pve-cluster; pmxcfs -l; touch /etc/pve/by-hand");
      const second = await shell(plan, host, "pmxcfs -l");
      expect(second.text).toContain("unable to acquire pmxcfs lock");
      expect(second.durationMs).toBeGreaterThan(9_000);
      await must(plan, host, "kill $(cat /run/pve-cluster.pid); sleep 1; ! findmnt /etc/pve");
      await must(plan, host, "pmxcfs -l; ls /etc/pve/by-hand; killall pmxcfs; sleep 1; ! findmnt /etc/pve");
      await must(plan, host, "systemctl start pve-cluster");
    }));

  test("answers the other programs only two seconds after its start", () =>
    each(async (host) => {
      const ask = "curl -s --max-time 2 --unix-socket /run/lab-pmxcfs.sock http://pmxcfs/ping";
      const { text } = await shell(
        plan,
        host,
        `systemctl restart pve-cluster; ${ask}; echo $?; sleep 2.3; ${ask}`,
      );
      expect(text).toMatch(/^7\n\{"node":"pve\d"\}$/);
    }));
});
