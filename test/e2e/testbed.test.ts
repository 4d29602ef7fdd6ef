import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { TEMPLATE_VMID } from "../../lab/hypervisor/template.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { type LabPlan, planLab } from "../../lab/plan.ts";
import { loadScenario } from "../../lab/scenarios/load.ts";
import { labUp } from "../../lab/up.ts";
import type { RunResult } from "../../src/host/run.ts";
import { describeLab } from "../lab-only.ts";

/** Somebody's own VM, with a test VM's name and its snapshot's. */
const FOREIGN = `
qm create 700 --name tailmox-test1 --memory 512 --scsi0 local-zfs:1
qm snapshot 700 ready-for-testing
qm snapshot 700 newer
`;
/** As a backup that is under way does. */
const LOCK = `f=/etc/pve/qemu-server/100.conf; text=$(cat $f); printf 'lock: backup\\n%s\\n' "$text" >$f`;
const CREATE = ["create", "--template", String(TEMPLATE_VMID), "--nodes", "2", "--yes"] as const;

describeLab("tailmox testbed on a host of the lab, whose VMs are hosts of the lab", () => {
  let plan: LabPlan;

  beforeAll(async () => {
    const scenario = await loadScenario("testbed");
    const name = "e2e-testbed";
    await takeDown(planLab(name, scenario));
    plan = await labUp(name, scenario);
    // The machine below has little memory and no nested virtualisation.
    await onHost(["qm", "set", String(TEMPLATE_VMID), "--memory", "600"]);
    await onHost(["bash", "-e", "-c", FOREIGN]);
  });
  afterAll(() => takeDown(plan));

  const onHost = async (argv: readonly [string, ...string[]]): Promise<RunResult> => {
    const [host] = plan.hosts;
    if (!host) throw new Error("the scenario has a host");
    return hostExec(plan, host, argv, { timeoutMs: 240_000 });
  };
  const testbed = (...words: string[]) => onHost(["tailmox", "testbed", ...words]);
  const create = (...words: string[]) => testbed(...CREATE, ...words, "--accept-risk", "no-nested");
  const foreign = async () => (await onHost(["cat", "/etc/pve/qemu-server/700.conf"])).stdout;

  test("bad input and a host that cannot are refused with nothing changed", async () => {
    const before = (await onHost(["qm", "list"])).stdout;
    const cases = [
      [await create("--vmid", "700"), "E_TESTBED_VMID"],
      [await testbed("create", "--template", "700", "--accept-risk", "no-nested"), "E_TESTBED_TEMPLATE"],
      [await create("--prefix", "no_name"), "E_TESTBED_NAME"],
      [await testbed("destroy", "--yes"), "E_TESTBED_NONE"],
    ] as const;
    for (const [{ stderr, exitCode }, code] of cases) {
      expect(stderr).toContain(code);
      expect(exitCode).not.toBe(0);
    }
    expect((await onHost(["qm", "list"])).stdout).toBe(before);
  });

  test("two clones of a template become Proxmox hosts of their own", async () => {
    const before = await foreign();
    const made = await create();
    expect(made.stderr).toBe("");
    expect(made.exitCode).toBe(0);
    const inside = await testbed("run", "--", "sh", "-c", "hostname; ls /etc/pve/nodes; pveversion");
    expect(inside.exitCode).toBe(0);
    for (const name of ["tailmox-test1", "tailmox-test2"]) {
      expect(inside.stdout).toContain(`${name}  ok\n  ${name}\n  ${name}\n  pve-manager/`);
    }
    expect((await create()).stdout).toContain("Nothing to do");
    expect(await foreign()).toBe(before);
  });

  test("a command that fails in one VM is told so, by the exit status, too", async () => {
    const { exitCode, stderr } = await testbed("run", "--", "sh", "-c", '[ "$(hostname)" = tailmox-test1 ]');
    expect(stderr).toContain("failed on 1 of 2: tailmox-test2 (1)");
    expect(exitCode).toBe(1);
    const shell = await testbed("ssh", "tailmox-test2", "--", "hostname");
    expect(shell.stdout).toBe("tailmox-test2\n");
  });

  test("all go back to their snapshot at once; what is not the testbed's stays or stops it", async () => {
    const before = await foreign();
    await testbed("run", "--", "touch", "/root/rubbish");
    const reverted = await testbed("revert", "--yes");
    expect(reverted.stderr).toBe("");
    expect((await testbed("run", "--", "ls", "/root")).stdout).not.toContain("rubbish");

    await onHost(["qm", "snapshot", "101", "mine"]);
    const stopped = await testbed("revert", "--yes");
    expect(stopped.stderr).toContain("E_TESTBED_SNAPSHOT");
    await onHost(["qm", "delsnapshot", "101", "mine"]);
    await onHost(["sh", "-c", LOCK]);
    expect((await testbed("revert", "--yes")).stderr).toContain("E_TESTBED_LOCKED");
    await onHost(["qm", "unlock", "100"]);
    expect(await foreign()).toBe(before);
  });

  test("destroy takes the testbed's VMs and no others", async () => {
    expect((await testbed("destroy", "--yes")).exitCode).toBe(0);
    const { stdout } = await onHost(["qm", "list"]);
    expect(stdout.match(/^ +\d+/gm)?.map(Number)).toEqual([700, TEMPLATE_VMID]);
    expect((await onHost(["pvesm", "list", "local-zfs"])).stdout).not.toMatch(/vm-10\d-disk/);
  });
});
