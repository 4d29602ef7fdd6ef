import { afterAll, beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { takeDown } from "../../lab/down.ts";
import { TEMPLATE_IMAGE } from "../../lab/hypervisor/template.ts";
import { bootHost } from "../../lab/machines/boot.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { isRunning } from "../../lab/machines/machine.ts";
import { crashHost } from "../../lab/machines/power.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { parseScenario } from "../../lab/scenarios/load.ts";
import { labUp } from "../../lab/up.ts";
import { published, violations } from "../contract/schema-check.ts";
import { describeLab } from "../lab-only.ts";
import { eventually } from "./hosts.ts";

/** proxmox.md 11 and 15.11, on one host with a template and one bay. */
const NAME = "standin-qm";
const scenario = parseScenario(
  {
    name: NAME,
    summary: "one host with room for one VM that is a host itself",
    tailnet: "none",
    sites: [{ name: "home" }],
    hosts: [
      { name: "pve1", site: "home", release: "pve9" },
      { name: "bay1", site: "home", release: "pve9", bayOf: "pve1" },
    ],
  },
  NAME,
);

interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describeLab("virtual machines of a stand-in host", () => {
  let plan: LabPlan;
  let pve1: HostPlan;
  let bay1: HostPlan;

  beforeAll(async () => {
    await takeDown(planLab(NAME, scenario));
    plan = await labUp(NAME, scenario);
    const [first, second] = plan.hosts;
    if (!first || !second) throw new Error("the plan has two hosts");
    [pve1, bay1] = [first, second];
  });
  afterAll(() => takeDown(planLab(NAME, scenario)));

  async function on(command: string, timeoutMs = 90_000): Promise<Outcome> {
    const [file = "", ...args] = command.split(" ");
    const { exitCode, stdout, stderr } = await hostExec(plan, pve1, [file, ...args], { timeoutMs });
    return { exitCode, stdout, stderr };
  }

  async function well(command: string): Promise<string> {
    const outcome = await on(command);
    if (outcome.exitCode !== 0) throw new Error(`${command}: ${outcome.exitCode} ${outcome.stderr}`);
    return outcome.stdout;
  }

  /** Asks by pvesh, and holds the answer against the published schema. */
  async function api(path: string, schema: string): Promise<unknown> {
    const data: unknown = JSON.parse(await well(`pvesh get ${path} --output-format json`));
    expect(violations(data, published[schema]?.GET?.returns)).toEqual([]);
    return data;
  }

  const agentAnswers = (vmid: number) =>
    eventually(`the agent of ${vmid} answers`, async () =>
      (await on(`qm agent ${vmid} ping`)).exitCode === 0 ? true : undefined,
    );

  test("with nothing behind them are created, imported into, and listed", async () => {
    expect(await on("qm status 100")).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist\n",
    });
    const created = await well(
      "qm create 100 --name web --memory 1024 --scsi0 local-zfs:4 --tags B,a --agent 1",
    );
    expect(created).toBe("scsi0: successfully created disk 'local-zfs:vm-100-disk-0,size=4G'\n");
    expect(await on("qm create 100")).toMatchObject({
      exitCode: 255,
      stderr: "unable to create VM 100 - VM 100 already exists on node 'pve1'\n",
    });
    expect(await well("qm config 100")).toMatch(/^agent: 1\nboot: order=scsi0\n[\s\S]*\ntags: a;b\n/);
    expect((await on("qm disk import 100 /no/such local-zfs")).stderr).toBe(
      "/no/such: non-existent or non-regular file\n",
    );
    expect((await on(`qm disk import 100 ${TEMPLATE_IMAGE} local`)).stderr).toBe(
      "storage local does not support vm images\n",
    );
    expect(await well(`qm importdisk 100 ${TEMPLATE_IMAGE} images`)).toMatch(
      /^importing disk '.*' to VM 100 ...\ntransferred [\s\S]*\nunused0: successfully imported disk 'images:100\/vm-100-disk-0.raw'\n$/,
    );
    const old = "OLD_IMPORT=1 >/etc/default/lab-pve; qm importdisk 100";
    const result = await hostExec(plan, pve1, ["sh", "-c", `echo ${old} ${TEMPLATE_IMAGE} local-lvm`]);
    expect(result.stdout).toEndWith("Successfully imported disk as 'unused1:local-lvm:vm-100-disk-0'\n");
    expect(await well("qm set 100 --delete unused0,unused1")).toBe(
      "update VM 100: -delete unused0,unused1\n",
    );
    expect(await well("qm list")).toMatch(/^ +VMID NAME .*\n +100 web +stopped +1024 +4.00 0 +\n +9000 /);
    await api("/nodes/pve1/qemu", "/nodes/{node}/qemu");
    await api("/nodes/pve1/qemu/100/status/current", "/nodes/{node}/qemu/{vmid}/status/current");
    await api("/nodes/pve1/qemu/100/config", "/nodes/{node}/qemu/{vmid}/config");
    await api("/nodes/pve1/storage", "/nodes/{node}/storage");
    await api("/nodes/pve1/storage/local-zfs/content", "/nodes/{node}/storage/{storage}/content");
    await api("/cluster/resources", "/cluster/resources");
  });

  test("run, stand still, hear no power button, and are stopped twice without a complaint", async () => {
    expect(await on("qm start 100")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(await on("qm start 100")).toMatchObject({ exitCode: 255, stderr: "VM 100 already running\n" });
    expect(await well("qm status 100")).toBe("status: running\n");
    await well("qm suspend 100");
    expect(await well("qm status 100")).toBe("status: paused\n");
    await well("qm resume 100");
    expect(await on("qm agent 100 ping")).toMatchObject({
      stdout: "",
      stderr: "QEMU guest agent is not running\n",
    });
    expect(await on("qm wait 100 --timeout 1")).toMatchObject({ stderr: "wait failed - got timeout\n" });
    expect(await on("qm shutdown 100 --timeout 1")).toMatchObject({
      exitCode: 255,
      stderr: "VM quit/powerdown failed - got timeout\n",
    });
    expect((await on("qm destroy 100")).stderr).toBe("VM 100 is running - destroy failed\n");
    expect(await on("qm stop 100")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(await on("qm stop 100")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect((await on("qm agent 100 ping")).stderr).toBe("VM 100 is not running\n");
  });

  test("have snapshots, and a rollback on ZFS goes to the newest alone and leaves them off", async () => {
    await well("qm start 100");
    expect(await well("qm snapshot 100 first --description clean")).toContain("snapshotting 'drive-scsi0'");
    await well("qm snapshot 100 second");
    expect(await on("qm snapshot 100 first")).toMatchObject({
      exitCode: 255,
      stderr: "snapshot name 'first' already used\n",
    });
    expect(await well("qm listsnapshot 100")).toMatch(
      /^`-> first .* clean\n `-> second .* no-description\n {2}`-> current /,
    );
    await api("/nodes/pve1/qemu/100/snapshot", "/nodes/{node}/qemu/{vmid}/snapshot");
    expect(await on("qm rollback 100 first")).toMatchObject({
      exitCode: 255,
      stderr: "can't rollback, 'first' is not most recent snapshot on 'local-zfs:vm-100-disk-0'\n",
    });
    expect(await well("qm status 100")).toBe("status: running\n");
    expect((await on("qm rollback 100 third")).stderr).toBe("snapshot 'third' does not exist\n");
    await well("qm rollback 100 second");
    expect(await well("qm status 100")).toBe("status: stopped\n");
    await well("qm delsnapshot 100 second");
    await well("qm rollback 100 first --start 1");
    expect(await well("qm status 100")).toBe("status: running\n");
    await well("qm stop 100");
  });

  test("that a task left locked are left alone until they are unlocked", async () => {
    await well("qm set 100 --lock backup");
    for (const command of [
      "start 100",
      "snapshot 100 other",
      "rollback 100 first",
      "delsnapshot 100 first",
    ]) {
      expect(await on(`qm ${command}`)).toMatchObject({ exitCode: 255, stderr: "VM is locked (backup)\n" });
    }
    await well("qm unlock 100");
    await well("qm delsnapshot 100 first");
  });

  test("become templates by a task whose failure nobody sees", async () => {
    expect((await on("qm start 9000")).stderr).toBe("you can't start a vm if it's a template\n");
    expect((await on("qm snapshot 9000 other")).stderr).toBe(
      "you can't take a snapshot if it's a template\n",
    );
    await well("rm /var/lib/lab-pve/volumes/local-zfs/vm-100-disk-0.json");
    expect(await on("qm template 100")).toMatchObject({
      exitCode: 0,
      stderr: "volume 'local-zfs:vm-100-disk-0' does not exist\n",
    });
    expect(await well("qm config 100")).toContain("template: 1");
    await well("qm destroy 100 --purge 1");
  });

  test("are not made where there is no room", async () => {
    await hostExec(plan, pve1, ["sh", "-c", "echo 9G >/var/lib/lab-pve/volumes/local-zfs/total"]);
    expect(await on("qm clone 9000 120 --full 1")).toMatchObject({
      exitCode: 255,
      stderr: "clone failed: zfs error: cannot create 'rpool/data/vm-120-disk-0': out of space\n",
    });
    expect((await on("qm status 120")).exitCode).toBe(2);
    await well("rm /var/lib/lab-pve/volumes/local-zfs/total");
  });

  test("say by pvesh what came of a task, and exit 0 whatever it was", async () => {
    const started = await on("pvesh create /nodes/pve1/qemu/9000/status/start --output-format json");
    expect(started).toMatchObject({ exitCode: 0, stderr: "you can't start a vm if it's a template\n" });
    const upid = z.string().parse(JSON.parse(started.stdout));
    expect(await well(`pvesh get /nodes/pve1/tasks/${upid}/status --output-format json`)).toContain(
      `"exitstatus":"you can't start a vm if it's a template"`,
    );
  });

  test("that are clones of a machine are that machine: its name, its keys, its machine-id", async () => {
    const clone = await well("qm clone 9000 101 --name t1");
    expect(clone).toContain("create linked clone of drive scsi0 (local-zfs:base-9000-disk-0)");
    expect((await on("qm clone 9000 101")).stderr).toBe(
      "unable to create VM 101: config file already exists\n",
    );
    expect((await on("qm clone 9000 102 --storage local-lvm")).stderr).toBe(
      "parameter 'storage' not allowed for linked clones\n",
    );
    await well("qm start 101");
    await agentAnswers(101);
    const result = z
      .object({ exitcode: z.number(), exited: z.number(), "out-data": z.string() })
      .parse(JSON.parse(await well("qm guest exec 101 -- hostname")));
    expect(result).toEqual({ exitcode: 0, exited: 1, "out-data": "pve-template\n" });
    const failed = await on("qm guest exec 101 -- false");
    expect([failed.exitCode, JSON.parse(failed.stdout)]).toEqual([0, { exitcode: 1, exited: 1 }]);
    expect((await on("qm guest exec 101 -- /no/such")).stderr).toContain("Agent error: ");
    expect(await well("qm agent 101 network-get-interfaces")).toContain(bay1.lan.address);
  });

  test("in a bay go back to a snapshot, power off by themselves, and die with their host", async () => {
    await well("qm guest exec 101 -- sh -c echo>/root/before");
    await well("qm snapshot 101 ready");
    await well("qm guest exec 101 -- touch /root/after");
    await well("qm rollback 101 ready --start 1");
    await agentAnswers(101);
    expect(await well("qm guest exec 101 -- ls /root")).not.toContain("after");
    await well("qm shutdown 101");
    expect(await isRunning(plan, bay1)).toBe(false);
    await well("qm start 101");
    await agentAnswers(101);
    await crashHost(plan, pve1);
    expect(await isRunning(plan, bay1)).toBe(false);
    await bootHost(plan, pve1);
    const state = await eventually("qm answers again", async () => {
      const asked = await on("qm status 101");
      return asked.exitCode === 0 ? asked.stdout : undefined;
    });
    expect(state).toBe("status: stopped\n");
    await well("qm destroy 101");
  });
});
