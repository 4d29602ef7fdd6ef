import { expect, test } from "bun:test";
import { proxyCertificatePath } from "../../../src/proxmox/web-certificate.ts";
import type { WebStory } from "./story.ts";

/** The way back: pve2 leaves its cluster by hand, then `undo`. */
export function undoAll({ pve2, tailmox, shell }: WebStory): void {
  test("undo refuses a member; on a host that left its cluster it takes all of up back, and nothing else", async () => {
    const undo = (...argv: string[]) => tailmox(pve2, ["undo", "--yes", ...argv]);
    expect(await undo()).toMatchObject({ exit: 4, text: expect.stringContaining("E_UNDO_MEMBER") });
    expect(await shell(pve2, LEAVE)).toMatchObject({ exitCode: 0 });
    // Kept for what comes after: the package goes, and the programs with it.
    await shell(pve2, "mkdir /root/static; cp /usr/bin/tailscale /usr/sbin/tailscaled /root/static/");
    const foreign = (await shell(pve2, `cat ${proxyCertificatePath("pve2")}`)).stdout;
    expect(await undo("--dry-run")).toMatchObject({ exit: 0, text: expect.stringContaining("Dry run") });
    expect((await shell(pve2, "grep -c tailmox /etc/hosts")).stdout).not.toBe("0\n");
    expect(await undo("--tailscale")).toMatchObject({ exit: 0 });
    expect((await shell(pve2, "grep -c tailmox /etc/hosts")).stdout).toBe("0\n");
    expect((await shell(pve2, "getent ahosts pve2")).stdout).toStartWith("192.168.");
    expect((await shell(pve2, "command -v tailscale; ls /etc/systemd/system | grep tailmox")).stdout).toBe(
      "",
    );
    expect((await shell(pve2, "ls /etc/systemd/system/corosync.service.d")).stdout).not.toContain("tailmox");
    expect((await shell(pve2, "ls /etc/apt/sources.list.d")).stdout).not.toContain("tailscale");
    expect((await shell(pve2, `cat ${proxyCertificatePath("pve2")}`)).stdout).toBe(foreign);
    expect(await undo()).toMatchObject({ exit: 0, text: expect.stringContaining("Nothing to do") });
  });
}

/** docs/undo-by-hand.md, "Leaving a cluster". */
const LEAVE = `set -e
systemctl stop pve-cluster corosync
pmxcfs -l
rm /etc/pve/corosync.conf
rm -rf /etc/corosync/authkey /etc/corosync/corosync.conf
kill $(cat /run/pve-cluster.pid); sleep 2
systemctl start pve-cluster
rm -f /var/lib/corosync/*
rm -rf /etc/pve/nodes/pve1
pvecm updatecerts --force
systemctl restart pvedaemon pveproxy`;
