import { PveError, textOf } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import type { Params } from "../params/verify.ts";
import { deleteVolumeSnapshot, hasFeature, snapshotVolume } from "../storage/snapshots.ts";
import { mustFindVolume, parseVolid } from "../storage/volume-files.ts";
import { allocate, freeVolume } from "../storage/volumes.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { assertAgent } from "./agent.ts";
import { drivesOf } from "./drives.ts";
import { runningVm } from "./running.ts";
import { type Section, type VmConfig, without } from "./vm-config.ts";
import { assertUnlocked, changeVm, isTemplate, loadVm, unlocked } from "./vm-files.ts";

/** The task `qmsnapshot`. On failure what was begun is taken back. */
export async function snapshotVm(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  const [vmid, name] = [Number(params.vmid), String(params.snapname)];
  const { snapshots } = await changeVm(node, vmid, (config) => prepared(node, config, params));
  const done: string[] = [];
  try {
    if (snapshots[name]?.vmstate === undefined) await tryFreeze(node, vmid, output);
    for (const [drive, { file }] of drivesOf(snapshots[name] ?? {})) {
      output.print(`snapshotting 'drive-${drive}' (${file})\n`);
      await snapshotVolume(node, file, name);
      done.push(file);
    }
  } catch (error) {
    output.print("snapshot create failed: starting cleanup\n");
    for (const file of done) await deleteVolumeSnapshot(node, file, name);
    await removeFromConfig(node, vmid, name);
    throw new PveError(textOf(error));
  }
  await changeVm(node, vmid, (config) => ({
    ...config,
    current: { ...unlocked(config.current), parent: name },
    snapshots: { ...config.snapshots, [name]: without(config.snapshots[name] ?? {}, "snapstate") },
  }));
}

/** The task `qmdelsnapshot`. */
export async function deleteSnapshot(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  const [vmid, name] = [Number(params.vmid), String(params.snapname)];
  mustFindSnapshot(await loadVm(node, vmid), name);
  const { snapshots } = await changeVm(node, vmid, (config) => {
    assertUnlocked(config);
    if (isTemplate(config)) throw new PveError("you can't delete a snapshot if vm is a template");
    const snapshot = { ...mustFindSnapshot(config, name), snapstate: "delete" };
    return {
      ...config,
      current: { ...config.current, lock: "snapshot-delete" },
      snapshots: { ...config.snapshots, [name]: snapshot },
    };
  });
  const snapshot = snapshots[name] ?? {};
  const tolerate = (error: unknown) => {
    if (!params.force) throw error;
    output.warn(textOf(error));
  };
  if (snapshot.vmstate !== undefined) await freeVolume(node, snapshot.vmstate).catch(tolerate);
  for (const [, { file }] of drivesOf(snapshot)) {
    await deleteVolumeSnapshot(node, file, name).catch(tolerate);
  }
  await removeFromConfig(node, vmid, name);
}

/** A snapshot's section. Throws `snapshot 'x' does not exist`. */
export function mustFindSnapshot({ snapshots }: VmConfig, name: string): Section {
  const found = snapshots[name];
  if (!found) throw new PveError(`snapshot '${name}' does not exist`);
  return found;
}

/** What a snapshot, and a rollback, take over of a section. */
export function snapshotValues(section: Section): Section {
  return without(
    section,
    ...["snapstate", "snaptime", "vmstate", "lock", "description"],
    ...Object.keys(section).filter((key) => /^unused\d+$/.test(key)),
  );
}

/** A running VM's agent is asked to hold the file systems still: a silent one costs 3 s and is no failure. */
async function tryFreeze(node: PveNode, vmid: number, output: TaskOutput): Promise<void> {
  const { current } = await loadVm(node, vmid);
  if (!/^(enabled=)?1/.test(current.agent ?? "") || !(await runningVm(node, vmid))) return;
  await assertAgent(node, vmid).catch(() =>
    output.print("skipping guest filesystem freeze - agent configured but not running?\n"),
  );
}

async function prepared(node: PveNode, config: VmConfig, params: Params): Promise<VmConfig> {
  const [vmid, name] = [Number(params.vmid), String(params.snapname)];
  if (isTemplate(config)) throw new PveError("you can't take a snapshot if it's a template");
  assertUnlocked(config);
  if (config.snapshots[name]) throw new PveError(`snapshot name '${name}' already used`);
  for (const [, { file }] of drivesOf(config.current)) {
    if (!(await hasFeature(node, "snapshot", file))) throw new PveError("snapshot feature is not available");
  }
  const snapshot: Section = {
    ...snapshotValues(config.current),
    ...(await memory(node, vmid, config.current, params)),
    snapstate: "prepare",
    snaptime: `${Math.floor(Date.now() / 1000)}`,
    ...(params.description !== undefined && { description: String(params.description) }),
  };
  return {
    ...config,
    current: { ...config.current, lock: "snapshot" },
    snapshots: { ...config.snapshots, [name]: snapshot },
  };
}

/** With `vmstate` a running VM's memory takes a volume: twice the memory and 500 MiB. */
async function memory(node: PveNode, vmid: number, current: Section, params: Params): Promise<Section> {
  if (!params.vmstate || !(await runningVm(node, vmid))) return {};
  const [first] = drivesOf(current);
  const storage = first ? parseVolid(first[1].file).storage : "local";
  const format = first ? (await mustFindVolume(node, first[1].file)).format : "raw";
  const name = `vm-${vmid}-state-${params.snapname}${format === "qcow2" ? ".raw" : ""}`;
  const size = (Number(current.memory ?? 512) * 2 + 500) * 2 ** 20;
  return { vmstate: await allocate(node, storage, { vmid, size, name }) };
}

async function removeFromConfig(node: PveNode, vmid: number, name: string): Promise<void> {
  await changeVm(node, vmid, (config) => {
    const parent = config.snapshots[name]?.parent;
    const relinked = (section: Section): Section =>
      section.parent !== name ? section : { ...without(section, "parent"), ...(parent && { parent }) };
    const others = Object.entries(config.snapshots).filter(([each]) => each !== name);
    return {
      ...config,
      current: unlocked(relinked(config.current)),
      snapshots: Object.fromEntries(others.map(([each, section]) => [each, relinked(section)])),
    };
  });
}
