import { TEMPLATE_VMID } from "../lab/hypervisor/template.ts";
import { bootHost } from "../lab/machines/boot.ts";
import { hostExec } from "../lab/machines/exec.ts";
import { must } from "../lab/machines/must.ts";
import { crashHost } from "../lab/machines/power.ts";
import type { HostPlan, LabPlan } from "../lab/plan.ts";
import { loadScenario } from "../lab/scenarios/load.ts";
import { prepareTrial } from "../lab/story/testbed-tailnet.ts";
import type { RunResult } from "../src/host/run.ts";
import { inLab } from "./in-lab.ts";
import type { Proof } from "./run.ts";

const proof: Proof = {
  summary:
    "a testbed of three: Ctrl-C and power cuts while it is made and taken back; up in its VMs, reverted, " +
    "up again; somebody else's VM untouched",
  async prove(say) {
    return inLab("proof-testbed", await loadScenario("testbed"), (plan) => tell(plan, say));
  },
};

export default proof;

async function tell(plan: LabPlan, say: (line: string) => void): Promise<Record<string, unknown>> {
  const [host] = plan.hosts;
  if (!host) throw new Error("the scenario has a host");
  const bed = openBed(plan, host);
  const flags = await prepareTrial(plan, host);
  const api = flags.slice(-4);
  await bed.ok("qm", "set", String(TEMPLATE_VMID), "--memory", "600");
  await bed.ok("bash", "-e", "-c", FOREIGN);
  // A real one was installed long ago: what it was installed with is on its disk.
  await bed.ok("sync");
  const foreign = await bed.ok("cat", "/etc/pve/qemu-server/700.conf");

  say("create is interrupted after 8 s, then the host loses its power; a third run finishes");
  await bed.fails("E_INTERRUPTED", "timeout", "--signal=INT", "8", "tailmox", "testbed", ...CREATE);
  const cut = bed.run("tailmox", "testbed", ...CREATE);
  await Bun.sleep(7_000);
  await bed.powerCut();
  await cut.catch(() => undefined);
  const created = await timed(() => bed.ok("tailmox", "testbed", ...CREATE));
  const marks = await bed.ok("tailmox", "testbed", "status", "--json");
  if (marks.match(/"stage": "ready"/g)?.length !== 3) throw new Error(`not three ready VMs: ${marks}`);

  say("try: three hosts become one cluster");
  const first = await timed(() => bed.ok("tailmox", "testbed", "try", "--yes", ...flags));

  say("this host bears the tag, too: refused with nothing changed");
  const tag = ["--tag", "tag:tailmox-test"] as const;
  await bed.ok("tailmox", "up", "--staging", "--yes", ...tag, ...flags.slice(0, 4));
  await bed.fails("E_TESTBED_STRANGER", "tailmox", "testbed", "try", "--yes", ...flags);
  await bed.ok("tailmox", "undo", "--tailscale", "--yes");
  const prune = ["devices", "prune", host.name, "--yes", "--accept-risk", "online"] as const;
  await bed.ok("tailmox", ...prune, ...tag, ...api);

  say("the host loses its power in the middle of a rollback; the second run goes on");
  const revert = ["testbed", "revert", "--yes", ...api];
  const torn = bed.run("tailmox", ...revert);
  await Bun.sleep(6_000);
  await bed.powerCut();
  await torn.catch(() => undefined);
  const reverted = await timed(() => bed.ok("tailmox", ...revert));
  await bed.ok("tailmox", "testbed", "run", "--", "test", "!", "-e", "/etc/pve/corosync.conf");

  say("one VM paused, one off, one with a silent agent");
  await bed.ok("qm", "suspend", "100");
  await bed.ok("qm", "stop", "101");
  // The agent ends with what it was asked, and cannot answer.
  await bed.run("qm", "guest", "exec", "102", "--", "systemctl", "mask", "--now", "qemu-guest-agent");
  await bed.ok("tailmox", "testbed", "stop", "tailmox-test3", "--yes");
  await bed.fails("E_TESTBED_SILENT", "tailmox", "testbed", "start", "--yes", "--boot-timeout", "15s");
  await bed.fails(undefined, "tailmox", "testbed", "run", "--", "true");
  await bed.ok("tailmox", ...revert);

  say("a storage without room for a fourth VM: told, with nothing changed");
  await bed.ok("bash", "-c", `echo 1G >${TOTAL}`);
  await bed.fails("E_TESTBED_ROOM", "tailmox", "testbed", ...CREATE.slice(0, 2), "4", ...CREATE.slice(3));
  await bed.ok("rm", TOTAL);

  say("try again: the same VMs, other devices of the tailnet");
  const second = await timed(() => bed.ok("tailmox", "testbed", "try", "--yes", ...flags));
  if ((await bed.ok("cat", "/etc/pve/qemu-server/700.conf")) !== foreign) {
    throw new Error("somebody else's VM was changed");
  }

  say("destroy");
  await bed.ok("tailmox", "testbed", "destroy", "--yes", ...api);
  const left = (await bed.ok("qm", "list")).match(/^ +\d+/gm)?.map(Number) ?? [];
  if (left.join() !== `700,${TEMPLATE_VMID}`) throw new Error(`left: ${left.join()}`);
  const devices = await bed.ok("tailmox", "devices", "--tag", "tag:tailmox-test", "--json", ...api);
  if (!devices.includes('"devices": []')) throw new Error(`devices are left: ${devices}`);
  return {
    createAfterTwoCutsSeconds: created,
    trySeconds: first,
    revertAfterPowerCutSeconds: reverted,
    tryAgainSeconds: second,
  };
}

/** What is done on the Proxmox host. */
function openBed(plan: LabPlan, host: HostPlan) {
  const run = (...argv: readonly [string, ...string[]]): Promise<RunResult> =>
    hostExec(plan, host, argv, { timeoutMs: 600_000 });
  return {
    run,
    ok: (...argv: readonly [string, ...string[]]) => must(plan, host, argv, { timeoutMs: 600_000 }),
    async fails(code: string | undefined, ...argv: readonly [string, ...string[]]): Promise<void> {
      const { exitCode, stdout, stderr } = await run(...argv);
      if (exitCode !== 0 && (code === undefined || stderr.includes(code))) return;
      throw new Error(
        `${argv.join(" ")} was to fail with ${code}, and ended with ${exitCode}:\n${stdout}\n${stderr}`,
      );
    },
    /** Everything on it dies with it, its VMs too. Its bridge is no longer there, as without ifupdown. */
    async powerCut(): Promise<void> {
      await crashHost(plan, host);
      await bootHost(plan, host);
      await run("bash", "-c", READY);
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return Math.round((performance.now() - since) / 100) / 10;
}

const CREATE = [
  ...["create", "--nodes", "3", "--template", String(TEMPLATE_VMID)],
  ...["--accept-risk", "no-nested", "--yes"],
] as const;

/** Somebody's own VM, with a test VM's name and its snapshot's. */
const FOREIGN = `
qm create 700 --name tailmox-test1 --memory 512 --scsi0 local-zfs:1
qm snapshot 700 ready-for-testing
`;

const READY = `
ip link add vmbr0 type bridge; ip link set vmbr0 up
until pvesh get /version >/dev/null 2>&1 && [ -w /etc/pve/local/ ]; do sleep 0.2; done
`;

const TOTAL = "/var/lib/lab-pve/volumes/local-zfs/total";
