import { listGuests } from "../api/guest-list.ts";
import { PveError, textOf } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { assertQuorate } from "../node/quorum.ts";
import type { Params } from "../params/verify.ts";
import { copyContent } from "../storage/content.ts";
import { formatSize } from "../storage/sizes.ts";
import { hasFeature } from "../storage/snapshots.ts";
import { assertTakesImages, mustFindStorage } from "../storage/storages.ts";
import { mustFindVolume, parseVolid } from "../storage/volume-files.ts";
import { allocate, cloneVolume, copyVolume, freeVolume } from "../storage/volumes.ts";
import { endsItself, type TaskOutput } from "../tasks/task.ts";
import { type Drive, drivesOf, formatDrive, isDriveName } from "./drives.ts";
import { withMac, withUuid } from "./identity.ts";
import { EMPTY_CONFIG, type Section, without } from "./vm-config.ts";
import {
  assertUnlocked,
  isTemplate,
  loadVm,
  moveVm,
  removeVm,
  unlocked,
  withVmLock,
  writeVm,
} from "./vm-files.ts";

interface ClonePlan {
  readonly source: Section;
  readonly full: boolean;
  readonly drives: readonly [name: string, drive: Drive][];
}

/** Before the task, and in it again: everything that forbids the clone. */
export async function planClone(node: PveNode, params: Params): Promise<ClonePlan> {
  const [vmid, newid] = [Number(params.vmid), Number(params.newid)];
  const storage = params.storage === undefined ? undefined : String(params.storage);
  if (storage !== undefined) assertTakesImages(await mustFindStorage(node, storage));
  await assertQuorate(node);
  const config = await loadVm(node, vmid);
  assertUnlocked(config);
  const snapname = params.snapname === undefined ? undefined : String(params.snapname);
  const source = snapname === undefined ? config.current : config.snapshots[snapname];
  if (!source) throw new PveError(`snapshot '${snapname}' does not exist`);
  const full = params.full === undefined ? !isTemplate(config) : Boolean(params.full);
  for (const name of ["storage", "format"] as const) {
    if (!full && params[name] !== undefined) {
      throw new PveError(`parameter '${name}' not allowed for linked clones`);
    }
  }
  if ((await listGuests(node)).some((guest) => guest.vmid === newid)) {
    throw new PveError(`unable to create VM ${newid}: config file already exists`);
  }
  const drives = drivesOf(source);
  for (const [name, { file }] of drives) {
    if (await hasFeature(node, full ? "copy" : "clone", file, snapname)) continue;
    const of = snapname === undefined ? "" : " a snapshot of";
    throw new PveError(
      `${full ? "Full" : "Linked"} clone feature is not supported for${of} '${file}' (${name})`,
    );
  }
  return { source, full, drives };
}

/**
 * The task `qmclone`. The new VM has the tags and the description of the old one, a name, network addresses and a
 * uuid of its own; its disks are what they are: hostname, keys and machine-id in them are the old one's.
 */
export async function cloneVm(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  const [vmid, newid] = [Number(params.vmid), Number(params.newid)];
  await withVmLock(node, newid, async () => {
    const plan = await planClone(node, params);
    output.print(`creating a clone of VM ${vmid} with ID ${newid}\n`);
    const made: string[] = [];
    let current: Section = { ...clonedValues(plan.source, vmid, params), lock: "clone" };
    // All that a clone says of itself until its first disk is there.
    const begun = { description: " qmclone temporary file", lock: "clone" };
    await writeVm(node, newid, { ...EMPTY_CONFIG, current: begun });
    const assertGoing = endsItself();
    try {
      for (const [name, drive] of plan.drives) {
        const kind = plan.full ? "full" : "linked";
        output.print(`create ${kind} clone of drive ${name} (${drive.file})\n`);
        const volid = plan.full
          ? await fullClone(node, drive.file, params, made, output)
          : await linkedClone(node, drive.file, newid, made);
        assertGoing();
        const { size } = await mustFindVolume(node, volid);
        const options = { ...drive.options, size: formatSize(size) };
        current = { ...current, [name]: formatDrive({ file: volid, options }) };
        await writeVm(node, newid, { ...EMPTY_CONFIG, current });
      }
      await writeVm(node, newid, { ...EMPTY_CONFIG, current: unlocked(current) });
      const target = params.target === undefined ? node.name : String(params.target);
      if (target !== node.name) await moveVm(node, newid, target);
    } catch (error) {
      for (const volid of made) await freeVolume(node, volid).catch((why) => output.warn(textOf(why)));
      await removeVm(node, newid).catch(() => undefined);
      throw new PveError(`clone failed: ${textOf(error)}`);
    }
  });
}

/** All but the drives: what belongs to snapshots stays behind, what has to be unique is new. */
function clonedValues(source: Section, vmid: number, params: Params): Section {
  const kept = without(
    source,
    ...["parent", "snaptime", "snapstate", "vmstate", "runningcpu", "runningmachine", "template", "lock"],
    ...Object.keys(source).filter(
      (key) => isDriveName(key) && drivesOf({ [key]: source[key] ?? "" }).length > 0,
    ),
    ...Object.keys(source).filter((key) => /^unused\d+$/.test(key)),
  );
  const cards = Object.entries(kept).filter(([key]) => /^net\d+$/.test(key));
  return {
    ...kept,
    ...Object.fromEntries(cards.map(([key, value]) => [key, withMac(value)])),
    name: String(params.name ?? `Copy-of-VM-${source.name ?? vmid}`),
    smbios1: withUuid(source.smbios1),
    ...(source.vmgenid !== undefined && { vmgenid: crypto.randomUUID() }),
    ...(params.description !== undefined && { description: String(params.description) }),
  };
}

async function linkedClone(node: PveNode, from: string, newid: number, made: string[]): Promise<string> {
  const volid = await cloneVolume(node, from, newid);
  made.push(volid);
  await copyContent(node, from, undefined, volid);
  return volid;
}

async function fullClone(
  node: PveNode,
  from: string,
  params: Params,
  made: string[],
  output: TaskOutput,
): Promise<string> {
  const { size, format } = await mustFindVolume(node, from);
  const storage = String(params.storage ?? parseVolid(from).storage);
  const wanted = { vmid: Number(params.newid), size, format: String(params.format ?? format) };
  const volid = await allocate(node, storage, wanted);
  made.push(volid);
  output.print(`allocated target volume '${volid}'\n`);
  const snapname = params.snapname === undefined ? undefined : String(params.snapname);
  await copyVolume(node, from, snapname, volid);
  output.print(`transferred ${formatSize(size)} of ${formatSize(size)} (100.00%)\n`);
  return volid;
}
