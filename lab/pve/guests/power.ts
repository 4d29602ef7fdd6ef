import { PveError } from "../errors.ts";
import { exists } from "../node/files.ts";
import type { PveNode } from "../node/pve-node.ts";
import { assertQuorate } from "../node/quorum.ts";
import type { Params } from "../params/verify.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { bootDrive } from "./drives.ts";
import { askHypervisor } from "./hypervisor.ts";
import { killProcess, markPaused, runningVm, startProcess } from "./running.ts";
import { EMPTY_CONFIG, type VmConfig, without } from "./vm-config.ts";
import { assertUnlocked, isTemplate, loadVm, withVmLock, writeVm } from "./vm-files.ts";

/** The task `qmstart`. Throws for a template, a locked VM and one that runs. */
export async function startVm(node: PveNode, params: Params, _output: TaskOutput): Promise<void> {
  await assertQuorate(node);
  const vmid = Number(params.vmid);
  await withVmLock(node, vmid, async () => {
    const config = await loadVm(node, vmid);
    if (isTemplate(config)) throw new PveError("you can't start a vm if it's a template");
    if (!params.skiplock) assertUnlocked(config);
    if (await runningVm(node, vmid)) throw new PveError(`VM ${vmid} already running`);
    const started = withPending(config);
    if (started !== config) await writeVm(node, vmid, started);
    await assertBridges(node, started);
    await startProcess(node, vmid, bootDrive(started.current)?.[1].file);
  });
}

/** The task `qmstop`: the plug is pulled. One that is off already is no failure. */
export async function stopVm(node: PveNode, params: Params, _output: TaskOutput): Promise<void> {
  const vmid = Number(params.vmid);
  await withVmLock(node, vmid, async () => {
    if (!(await runningVm(node, vmid))) return;
    if (!params.skiplock) assertUnlocked(await loadVm(node, vmid));
    await killProcess(node, vmid);
    await applyPending(node, vmid);
  });
}

/** The task `qmshutdown`: presses the power button and waits, 60 s unless told otherwise. */
export async function shutdownVm(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  const vmid = Number(params.vmid);
  await withVmLock(node, vmid, async () => {
    const running = await runningVm(node, vmid);
    if (!running) return;
    if (!params.skiplock) assertUnlocked(await loadVm(node, vmid));
    // A VM with nothing behind has nobody who hears the button: that is no error of its own.
    await askHypervisor(node, { do: "powerdown", vmid });
    const deadline = Date.now() + Number(params.timeout ?? 60) * 1_000;
    while ((await runningVm(node, vmid)) && Date.now() < deadline) await Bun.sleep(200);
    if (await runningVm(node, vmid)) {
      if (!params.forceStop) throw new PveError("VM quit/powerdown failed - got timeout");
      output.print("VM still running - terminating now with SIGTERM\n");
      await killProcess(node, vmid);
    }
    await applyPending(node, vmid);
  });
}

/** Before the task `qmshutdown`: a VM that stands still hears no button. */
export async function assertNotPaused(node: PveNode, params: Params): Promise<void> {
  const running = await runningVm(node, Number(params.vmid));
  if (running?.paused && !params.forceStop) throw new PveError("VM is paused - cannot shutdown");
}

/** The task `qmsuspend`: the VM stands still in memory. */
export async function suspendVm(node: PveNode, params: Params, _output: TaskOutput): Promise<void> {
  const vmid = Number(params.vmid);
  await withVmLock(node, vmid, async () => {
    assertUnlocked(await loadVm(node, vmid));
    if (!(await runningVm(node, vmid))) throw new PveError(`VM ${vmid} not running`);
    await askHypervisor(node, { do: "pause", vmid });
    await markPaused(node, vmid, true);
  });
}

/** The task `qmresume`. */
export async function resumeVm(node: PveNode, params: Params, _output: TaskOutput): Promise<void> {
  const vmid = Number(params.vmid);
  await withVmLock(node, vmid, async () => {
    if (!(await runningVm(node, vmid))) throw new PveError(`VM ${vmid} not running`);
    await askHypervisor(node, { do: "resume", vmid });
    await markPaused(node, vmid, false);
  });
}

async function applyPending(node: PveNode, vmid: number): Promise<void> {
  const config = await loadVm(node, vmid);
  const applied = withPending(config);
  if (applied !== config) await writeVm(node, vmid, applied);
}

/** What was set while the VM ran counts from now on. */
function withPending(config: VmConfig): VmConfig {
  const { delete: removed = "", ...values } = config.pending;
  if (Object.keys(config.pending).length === 0) return config;
  const current = { ...without(config.current, ...removed.split(",")), ...values };
  return { ...config, current, pending: EMPTY_CONFIG.pending };
}

/** Throws `bridge 'vmbr0' does not exist` for a network card without one. */
async function assertBridges(node: PveNode, { current }: VmConfig): Promise<void> {
  for (const [key, value] of Object.entries(current)) {
    const bridge = /^net\d+$/.test(key) ? /(?:^|,)bridge=([^,]+)/.exec(value)?.[1] : undefined;
    if (bridge !== undefined && !(await exists(node, `/sys/class/net/${bridge}`))) {
      throw new PveError(`bridge '${bridge}' does not exist`);
    }
  }
}
