import { PveError, textOf } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import type { Params } from "../params/verify.ts";
import { readStorages } from "../storage/storages.ts";
import { findVolume, listVolumes, parseVolid } from "../storage/volume-files.ts";
import { freeVolume, volidOf } from "../storage/volumes.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { drivesOf, unusedOf } from "./drives.ts";
import { runningVm } from "./running.ts";
import { EMPTY_CONFIG, type VmConfig } from "./vm-config.ts";
import { assertUnlocked, isTemplate, loadVm, removeVm, withVmLock, writeVm } from "./vm-files.ts";

/** Before the task: what keeps a VM from being destroyed. */
export async function assertMayGo(node: PveNode, vmid: number): Promise<VmConfig> {
  const config = await loadVm(node, vmid);
  if (config.current.protection === "1") {
    throw new PveError(`can't remove VM ${vmid} - protection mode enabled`);
  }
  if (await runningVm(node, vmid)) throw new PveError(`VM ${vmid} is running - destroy failed`);
  return config;
}

/** The task `qmdestroy`: the disks that the file names, then the file; with a flag also disks that nobody names. */
export async function destroyVm(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  const vmid = Number(params.vmid);
  await withVmLock(node, vmid, async () => {
    const config = await assertMayGo(node, vmid);
    if (!params.skiplock) assertUnlocked(config);
    if (isTemplate(config)) await assertNoClones(node, config);
    const snapshots = Object.values(config.snapshots);
    const volumes = [
      ...drivesOf(config.current).map(([, { file }]) => file),
      ...unusedOf(config.current).map(([, file]) => file),
      ...snapshots.flatMap(({ vmstate }) => vmstate ?? []),
    ];
    for (const volid of new Set(volumes)) {
      const owner = (await findVolume(node, volid))?.vmid;
      if (owner === vmid) await free(node, volid, output);
    }
    if (params["destroy-unreferenced-disks"]) await freeUnnamed(node, vmid, output);
    await writeVm(node, vmid, { ...EMPTY_CONFIG, current: { lock: "destroyed" } });
    if (params.purge) output.print(`purging VM ${vmid} from related configurations..\n`);
    await removeVm(node, vmid);
  });
}

async function assertNoClones(node: PveNode, { current }: VmConfig): Promise<void> {
  for (const [, { file }] of drivesOf(current)) {
    const { storage, name } = parseVolid(file);
    const clones = (await listVolumes(node, storage)).filter(({ base }) => base === name);
    if (clones.length > 0) throw new PveError(`base volume '${file}' is still in use by linked cloned`);
  }
}

async function freeUnnamed(node: PveNode, vmid: number, output: TaskOutput): Promise<void> {
  for (const entry of await readStorages(node)) {
    const own = (await listVolumes(node, entry.storage)).filter((each) => each.vmid === vmid);
    for (const volume of own) await free(node, volidOf(entry, volume), output);
  }
}

async function free(node: PveNode, volid: string, output: TaskOutput): Promise<void> {
  await freeVolume(node, volid).catch((error: unknown) =>
    output.warn(`Could not remove disk '${volid}', check manually: ${textOf(error)}`),
  );
}
