import { expect, test } from "bun:test";
import type { ClusterStory } from "./story.ts";

/** Joins that end with nothing changed, each with its own words, and most with exit status 0. */
export function refusedJoins({ pve1, pve2, pve3, fingerprint, join }: ClusterStory): void {
  test("15.3 a join without a password on stdin ends with EOF, exit 0", async () => {
    const { stdout, stderr, exitCode } = await pve2.run(["pvecm", "add", pve1.address]);
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: "",
      stderr: "EOF while reading password\n",
      exitCode: 0,
    });
  });

  test("15.3 a wrong password takes 3 s and ends with 401, exit 0, and the task's log says the same", async () => {
    const result = await pve2.run(["pvecm", "add", pve1.address, "--fingerprint", fingerprint()], {
      input: "wrong\n",
    });
    expect(result.stdout).toBe(`Establishing API connection with host '${pve1.address}'\n`);
    expect(result.stderr).toBe("401 authentication failure\n");
    expect(result.exitCode).toBe(0);
    expect(result.durationMs).toBeGreaterThan(3_000);
    const listed = await pve2.sh("pvenode task list --typefilter clusterjoin --limit 1 --output-format json");
    const [task] = JSON.parse(listed.stdout);
    expect(task).toMatchObject({
      status: "401 authentication failure",
      type: "clusterjoin",
      user: "root@pam",
    });
    const log = await pve2.sh(
      `cat /var/log/pve/tasks/${task.starttime.toString(16).slice(-1).toUpperCase()}/${task.upid}`,
    );
    expect(log.stdout).toEndWith("TASK ERROR: 401 authentication failure\n");
    expect((await pve2.sh("grep -rl wrong /var/log/pve || true")).stdout).toBe("");
  });

  test("15.4 a wrong fingerprint is answered with the actual one", async () => {
    const wrong = Array(32).fill("AA").join(":");
    const { stderr, exitCode } = await join("--fingerprint", wrong);
    expect({ stderr, exitCode }).toEqual({
      stderr: `fingerprint '${fingerprint()}' not verified, abort!\n`,
      exitCode: 0,
    });
  });

  test("15.4 without a fingerprint it asks, and yes does not help when the address is not in the certificate", async () => {
    const asked = await join();
    expect(asked.stdout).toContain(`The authenticity of host '${pve1.address}' can't be established.
X509 SHA256 key fingerprint is ${fingerprint()}.
Are you sure you want to continue connecting (yes/no)? `);
    expect(asked.stderr).toBe("Fingerprint not verified, abort!\n");
    const argv = ["pvecm", "add", pve1.address, "--link0", pve2.address] as const;
    const yes = await pve2.run(argv, { input: `${pve1.password}\nYes\n` });
    expect(yes.stderr).toBe(`500 Can't connect to ${pve1.address}:8006 (hostname verification failed)\n`);
    expect(yes.exitCode).toBe(0);
  });

  test("prechecks are collected on stdout, the verdict is on stderr, exit 0", async () => {
    await pve2.sh("touch /etc/corosync/authkey; echo 'name: x' > /etc/pve/qemu-server/100.conf");
    const argv = ["pvecm", "add", pve1.address, "--link0", "192.0.2.1"] as const;
    const { stdout, stderr, exitCode } = await pve2.run(argv, { input: `${pve1.password}\n` });
    expect(stdout).toBe(`detected the following error(s):
* authentication key '/etc/corosync/authkey' already exists
* this host already contains virtual guests
* link0: cannot use IP '192.0.2.1', not found on local node!
`);
    expect({ stderr, exitCode }).toEqual({
      stderr: "Check if node may join a cluster failed!\n",
      exitCode: 0,
    });
    await pve2.sh("rm /etc/corosync/authkey /etc/pve/qemu-server/100.conf");
  });

  test("a join from inside /etc/pve is refused at once", async () => {
    const { stderr, exitCode } = await pve2.sh(`cd /etc/pve && pvecm add ${pve1.address}`);
    expect(stderr).toBe(
      "Navigate out of /etc/pve before running 'pvecm add', for example by running 'cd'.\n",
    );
    expect(exitCode).not.toBe(0);
  });

  test("the member's refusals come as text on stdout, and change nothing", async () => {
    const links = await join("--fingerprint", fingerprint(), "--link1", pve2.lan.address);
    expect(links.stdout).toContain(
      "An error occurred on the cluster node: corosync: link 1 specified for new node doesn't exist in cluster config\n",
    );
    expect(links.stderr).toBe("Cluster join aborted!\n");
    expect((await pve1.sh("grep config_version /etc/pve/corosync.conf")).stdout).toContain(
      "config_version: 1",
    );
    expect((await pve2.sh("ls /etc/pve/corosync.conf /etc/corosync/authkey")).exitCode).not.toBe(0);
  });

  test("15.3 a password that is typed on a terminal shows stars; a terminal of somebody else ends with 25", async () => {
    const typed = (command: string) =>
      pve3.sh(`(sleep 2; printf '${pve1.password}x\\177\\r'; sleep 4) | script -qec "${command}" /dev/null`);
    const add = `pvecm add ${pve1.address} --link0 ${pve3.address}`;
    const own = await typed(`${add} --fingerprint ${Array(32).fill("BB").join(":")}`);
    expect(own.stdout).toContain(
      `Please enter superuser (root) password for '${pve1.address}': *********\b \b\r\n`,
    );
    expect(own.stdout).not.toContain(pve1.password);
    expect(own.stdout).toContain(`fingerprint '${fingerprint()}' not verified, abort!`);
    const foreign = await typed(`setsid -w ${add}`);
    expect(foreign.stdout).toContain(
      "failed to tcsetpgrp: Inappropriate ioctl for device\r\ngot no worker upid - start worker failed\r\n",
    );
    expect((await pve3.sh(`script -qec "setsid -w ${add}" /dev/null </dev/null`)).exitCode).toBe(25);
  });
}
