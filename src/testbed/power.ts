import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import { qm, runningTasks } from "../proxmox/qm.ts";
import { readPower, readVm } from "../proxmox/vms.ts";
import type { Ground } from "./ground.ts";
import { stillOurs, type TestVm } from "./vms.ts";

/** Starts a VM, or lets a paused one go on; nothing to do when it runs. Throws E_QM, E_TESTBED_*. */
export async function startVm(ground: Ground, vm: TestVm): Promise<void> {
  const { host, node } = ground;
  await freeVm(ground, vm);
  const power = await readPower(host, node, vm.vmid);
  if (power === "running") return;
  const verb = power === "stopped" ? "start" : "resume";
  await qm(host, {
    node,
    vmid: vm.vmid,
    words: [verb, String(vm.vmid)],
    what: `${verb} ${vm.name} (VM ${vm.vmid})`,
    undo: `qm shutdown ${vm.vmid}`,
    timeoutMs: 120_000,
    task: `qm${verb}`,
    isDone: async () => (await readPower(host, node, vm.vmid)) === "running",
  });
}

/** Shuts a VM down in good order, after 90 s or when it is to be `hard` as by its power switch. */
export async function stopVm(ground: Ground, vm: TestVm, { hard = false } = {}): Promise<void> {
  const { host, node } = ground;
  await freeVm(ground, vm);
  const power = await readPower(host, node, vm.vmid);
  if (power === "stopped") return;
  const id = String(vm.vmid);
  // A VM that is paused cannot shut itself down.
  const gently = power === "running" && !hard;
  await qm(host, {
    node,
    vmid: vm.vmid,
    words: gently ? ["shutdown", id, "--timeout", "90", "--forceStop", "1"] : ["stop", id],
    what: `stop ${vm.name} (VM ${vm.vmid})`,
    undo: `qm start ${vm.vmid}`,
    timeoutMs: 200_000,
    task: gently ? "qmshutdown" : "qmstop",
    isDone: async () => (await readPower(host, node, vm.vmid)) === "stopped",
  });
}

/**
 * Waits until no task works on a VM, and takes a lock away that a task of the testbed's own kind left when it was cut
 * off (a power cut). Throws E_TESTBED_LOCKED for any other lock: somebody else's work is not ended.
 */
export async function freeVm(ground: Ground, vm: TestVm): Promise<void> {
  const { host, node } = ground;
  await stillOurs(host, node, vm);
  await awaitTasks(ground, vm);
  const { lock } = await readVm(host, node, vm.vmid);
  if (lock === undefined) return;
  if (!CUT_OFF.includes(lock)) throw locked(vm, `it is locked (${lock})`);
  await qm(host, {
    node,
    vmid: vm.vmid,
    words: ["unlock", String(vm.vmid)],
    what: `unlock VM ${vm.vmid}: "${lock}" was cut off, and no task works on it`,
    undo: "not needed",
    timeoutMs: 60_000,
    isDone: async () => (await readVm(host, node, vm.vmid)).lock === undefined,
  });
}

/** Waits until no task works on a VM. Throws E_TESTBED_LOCKED after 10 minutes. */
export async function awaitTasks({ host, node }: Ground, vm: TestVm): Promise<void> {
  const task = await poll(TASK_MS, 2_000, async () => {
    const tasks = await runningTasks(host, node);
    const own = tasks.find(({ vmid, type }) => vmid === vm.vmid && type.startsWith("qm"));
    const clone = tasks.find(({ type }) => vm.config.lock === "clone" && type === "qmclone");
    return (own ?? clone) === undefined ? ("free" as const) : undefined;
  });
  if (task === undefined) throw locked(vm, `a task works on it, for ${TASK_MS / 60_000} min by now`);
}

/** Locks of what the testbed itself does to a VM. "backup", "migrate" and the others are somebody else's. */
const CUT_OFF: readonly string[] = ["clone", "create", "rollback", "snapshot", "snapshot-delete"];
const TASK_MS = 600_000;

function locked(vm: TestVm, likely: string): UserError {
  return new UserError("E_TESTBED_LOCKED", `${vm.name} (VM ${vm.vmid}) cannot be changed now`, {
    likely,
    mend: `pvenode task list --source active; when none works on it: qm unlock ${vm.vmid}`,
  });
}
