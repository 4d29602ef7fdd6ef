import { expect, test } from "bun:test";
import { eventually, untilReady } from "../hosts.ts";
import type { ClusterStory } from "./story.ts";

/** Quorum lost to a node that is not there, and how it comes back. */
export function lostQuorum({ pve1, fingerprint, join }: ClusterStory): void {
  test("15.2 a member that has accepted a node that is not there is one of two: read-only, status exits 2", async () => {
    const added = await pve1.run(["pvecm", "addnode", "ghost", "--link0", "192.0.2.7", "--apiversion", "1"]);
    expect(added).toMatchObject({ exitCode: 0, stderr: "" });
    const status = await eventually("no quorum", async () => {
      const result = await pve1.run(["pvecm", "status"]);
      return result.exitCode === 2 ? result : undefined;
    });
    expect(status.stdout).toMatch(/^Quorum: {11}2 Activity blocked$/m);
    expect(status.stdout).toMatch(/^Flags: {12}$/m);
    expect(status.stdout).toMatch(/^Config Version: {3}2$/m);
    expect(status.stdout).not.toContain("192.0.2.7");
    expect((await pve1.run(["pvecm", "nodes"])).exitCode).toBe(0);
    // pmxcfs hears of it by itself, and the kernel believes for a second in the mode that it has seen last.
    await eventually("read-only", async () => {
      const { stdout } = await pve1.sh("stat -c %A /etc/pve/local");
      return stdout === "lr-xr-xr-x\n" ? true : undefined;
    });
    expect((await pve1.sh("cat /etc/pve/user.cfg")).exitCode).toBe(0);
    expect((await pve1.sh("echo x > /etc/pve/x")).stderr).toContain("Permission denied");
    const members = JSON.parse((await pve1.sh("cat /etc/pve/.members")).stdout);
    expect(members.cluster).toMatchObject({ nodes: 2, quorate: 0, version: 2 });
    expect(members.nodelist.ghost).toEqual({ id: 1, online: 0 });
  });

  test("15.6 updatecerts waits for quorum and says so every five seconds", async () => {
    const { stdout, timedOut } = await pve1.run(["pvecm", "updatecerts"], { timeoutMs: 8_000 });
    expect(timedOut).toBe(true);
    expect(stdout).toBe("waiting for pmxcfs mount to appear and get quorate...\n".repeat(2));
  });

  test("another join meets a cluster that is not ready", async () => {
    const result = await join("--fingerprint", fingerprint());
    expect(result.stdout).toContain(
      "An error occurred on the cluster node: cluster not ready - no quorum?\n",
    );
    expect(result.stderr).toBe("Cluster join aborted!\n");
    expect(await pve1.run(["pvecm", "delnode", "ghost"])).toMatchObject({
      stderr: "cluster not ready - no quorum?\n",
      exitCode: 255,
    });
  });

  test("15.6 expected 1 on the lone node gives quorum back, and delnode takes the absent one out", async () => {
    expect(await pve1.run(["pvecm", "expected", "1"])).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    await untilReady(pve1);
    const { stdout, stderr, exitCode } = await pve1.run(["pvecm", "delnode", "ghost"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Killing node 1");
    expect(stdout + stderr).toContain("Could not kill node (error = CS_ERR_NOT_EXIST)");
    expect((await pve1.run(["pvecm", "delnode", "ghost"])).stderr).toBe(
      "Node/IP: ghost is not a known host of the cluster.\n",
    );
    expect((await pve1.run(["pvecm", "delnode", "pve1"])).stderr).toBe(
      "Cannot delete myself from cluster!\n",
    );
    expect((await pve1.run(["pvecm", "delnode", "192.0.2.7"])).stderr).toContain(
      "does not look like a valid node name",
    );
    expect((await pve1.sh("ls -d /etc/pve/nodes/ghost")).exitCode).toBe(0);
  });
}
