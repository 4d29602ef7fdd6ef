import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { takeDown } from "../../../lab/down.ts";
import { bootHost } from "../../../lab/machines/boot.ts";
import { hostExec, hostShell } from "../../../lab/machines/exec.ts";
import { isRunning, runningInit } from "../../../lab/machines/machine.ts";
import { shutdownHost } from "../../../lab/machines/power.ts";
import { describeLab } from "../../lab-only.ts";
import { hostsOf, planOf, script, start } from "./lab-of.ts";

const plan = planOf("machine");
const [pve1, pve2] = hostsOf(plan);

describeLab("a machine", () => {
  beforeAll(() => start(plan));
  afterAll(() => takeDown(plan));

  test("of either release boots real systemd without a failed unit", async () => {
    for (const [host, debian] of [
      [pve1, "12 (bookworm)"],
      [pve2, "13 (trixie)"],
    ] as const) {
      const again = await bootHost(plan, host);
      expect([again.state, ...again.failedUnits]).toEqual(["running"]);
      expect(await script(plan, host, "cat /etc/os-release")).toContain(debian);
      expect(await script(plan, host, "cat /proc/1/comm")).toBe("systemd\n");
    }
  });

  test("is a host as Proxmox's installer leaves it: name, LAN address, ssh for root, no node but itself", async () => {
    expect(await script(plan, pve2, "uname -n; hostname --fqdn")).toBe("pve2\npve2.example.lan\n");
    expect(await script(plan, pve2, "getent hosts pve2")).toContain("192.168.1.12");
    expect(await script(plan, pve2, "sshd -T | grep -i permitrootlogin")).toBe("permitrootlogin yes\n");
    expect(await script(plan, pve2, "ss -tlnH 'sport = 22' | head -1")).toContain("LISTEN");
    expect(await script(plan, pve2, "ls /etc/corosync")).toBe("uidgid.d\n");
    const missing = "for x in node bun go tailscale gcc; do command -v $x || true; done";
    expect(await script(plan, pve2, missing)).toBe("");
  });

  test("has the files that it was given; what was copied lies once for all hosts, and each may change its own", async () => {
    expect(await script(plan, pve1, "stat -c '%a %U' /usr/local/bin/given")).toBe("755 root\n");
    expect(await readdir(join(plan.dir, "layers"))).toHaveLength(1);
    await script(plan, pve1, "echo mine > /usr/local/bin/given");
    expect(await script(plan, pve2, "cat /usr/local/bin/given")).toContain("export async function script");
  });

  test("has keys and a machine id that no other has", async () => {
    const secrets = "cat /etc/machine-id /etc/ssh/ssh_host_*_key.pub";
    const [first, second] = [await script(plan, pve1, secrets), await script(plan, pve2, secrets)];
    expect(first.trim().split("\n")).toHaveLength(4);
    expect(first.split("\n").filter((line) => line !== "" && second.includes(line))).toEqual([]);
  });

  test("lets root in by ssh from another host with the password of the plan", async () => {
    const askpass = `printf '#!/bin/sh\\necho ${pve2.password}\\n' > /run/askpass; chmod 755 /run/askpass`;
    const ssh = "SSH_ASKPASS=/run/askpass SSH_ASKPASS_REQUIRE=force ssh -o StrictHostKeyChecking=accept-new";
    expect(await script(plan, pve1, `${askpass}; ${ssh} root@192.168.1.12 hostname`)).toBe("pve2\n");
  });

  test("sees its own network devices alone, and can forward but not change this machine's kernel", async () => {
    expect(await script(plan, pve1, "ls /sys/class/net; ls -d /proc/sys/net/ipv4/conf/*0")).toBe(
      "lan0\nlo\nwan0\n/proc/sys/net/ipv4/conf/lan0\n/proc/sys/net/ipv4/conf/wan0\n",
    );
    await script(plan, pve1, "echo 1 > /proc/sys/net/ipv4/ip_forward");
    const kernel = await hostExec(plan, pve1, ["sh", "-c", "echo 1 > /proc/sys/kernel/sysrq"]);
    expect(kernel.exitCode).not.toBe(0);
    // Never try it: this machine's clock would jump. Bits 25 and 16 of the bounding set: SYS_TIME, SYS_MODULE.
    const bounding = BigInt(
      `0x${(await script(plan, pve1, "grep CapBnd /proc/self/status")).split("\t")[1]?.trim()}`,
    );
    expect(bounding & ((1n << 25n) | (1n << 16n))).toBe(0n);
  });

  test("has its disk in a mount namespace of its own, which this machine does not see", async () => {
    expect(await readFile("/proc/self/mountinfo", "utf8")).not.toContain(plan.dir);
    const init = await runningInit(plan, pve1);
    expect(await readFile(`/proc/${init}/mountinfo`, "utf8")).not.toContain(`${pve2.dir}/`);
  });

  test("answers a command with output, error output and exit status, and hands it its input", async () => {
    const result = await hostExec(plan, pve1, ["sh", "-c", "cat; pwd; echo oops >&2; exit 7"], {
      input: "given\n",
      env: { GREETING: "hello" },
    });
    expect(result).toMatchObject({
      exitCode: 7,
      stdout: "given\n/root\n",
      stderr: "oops\n",
      timedOut: false,
    });
    const environment = (await hostExec(plan, pve1, ["env"], { env: { GREETING: "hello" } })).stdout;
    expect(environment).toContain("GREETING=hello\n");
    expect(environment).not.toContain(process.env.PATH ?? "unset");
  });

  test("ends a command that takes too long, on the host too", async () => {
    const result = await hostExec(plan, pve1, ["sleep", "1234"], { timeoutMs: 200 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null });
    expect((await hostExec(plan, pve1, ["pgrep", "-x", "sleep"])).stdout).toBe("");
  });

  test("gives a shell's exit status", async () => {
    expect(await hostShell(plan, pve1, ["sh", "-c", "exit 3"])).toBe(3);
  });

  test("keeps everything over a shutdown in good order, with the journal of the boot before", async () => {
    await script(plan, pve2, "echo kept > /root/kept; systemctl is-active ssh");
    await shutdownHost(plan, pve2);
    expect(await isRunning(plan, pve2)).toBe(false);
    expect(hostExec(plan, pve2, ["true"])).rejects.toMatchObject({ code: "E_LAB_HOST_OFF" });
    expect((await bootHost(plan, pve2)).state).toBe("running");
    expect(await script(plan, pve2, "cat /root/kept")).toBe("kept\n");
    expect(await script(plan, pve2, "journalctl --sync; journalctl -b -1 -u ssh --no-pager")).toContain(
      "Stopped",
    );
  });

  test("comes back by itself when it reboots itself", async () => {
    const bootId = () => script(plan, pve2, "cat /proc/sys/kernel/random/boot_id");
    const before = await bootId();
    await script(plan, pve2, "echo kept > /root/rebooted; systemctl reboot");
    for (let look = 0; look < 100; look++) {
      await Bun.sleep(100);
      if ((await bootId().catch(() => before)) !== before) break;
    }
    expect(await bootId()).not.toBe(before);
    expect((await bootHost(plan, pve2)).state).toBe("running");
    expect(await script(plan, pve2, "cat /root/rebooted")).toBe("kept\n");
  });
});
