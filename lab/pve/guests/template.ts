import { PveError } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import type { Params } from "../params/verify.ts";
import { hasFeature } from "../storage/snapshots.ts";
import { makeBase } from "../storage/volumes.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { drivesOf, formatDrive } from "./drives.ts";
import { runningVm } from "./running.ts";
import type { VmConfig } from "./vm-config.ts";
import { assertUnlocked, isTemplate, loadVm, withVmLock, writeVm } from "./vm-files.ts";

/** Before the task: what keeps a VM from being a template. */
export async function assertMayBeTemplate(node: PveNode, vmid: number): Promise<VmConfig> {
  const config = await loadVm(node, vmid);
  assertUnlocked(config);
  if (Object.keys(config.snapshots).length > 0) {
    throw new PveError("unable to create template, because VM contains snapshots");
  }
  if (isTemplate(config)) throw new PveError("you can't convert a template to a template");
  if (await runningVm(node, vmid)) throw new PveError("you can't convert a VM to template if VM is running");
  return config;
}

/**
 * The task `qmtemplate`. The file says `template: 1` before the disks are bases, and stays so when that fails;
 * a disk whose storage knows no bases stays what it was, and that is no failure.
 */
export async function templateVm(node: PveNode, params: Params, _output: TaskOutput): Promise<void> {
  const vmid = Number(params.vmid);
  await withVmLock(node, vmid, async () => {
    let config = await assertMayBeTemplate(node, vmid);
    config = { ...config, current: { ...config.current, template: "1" } };
    await writeVm(node, vmid, config);
    for (const [name, drive] of drivesOf(config.current)) {
      if (!(await hasFeature(node, "template", drive.file))) continue;
      const file = await makeBase(node, drive.file);
      config = { ...config, current: { ...config.current, [name]: formatDrive({ ...drive, file }) } };
      await writeVm(node, vmid, config);
    }
  });
}
