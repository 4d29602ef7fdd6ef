import { PveError } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { atLeast } from "../node/release.ts";
import type { Params } from "../params/verify.ts";
import { contentOf, mustFindStorage } from "../storage/storages.ts";
import { makeBase } from "../storage/volumes.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { isDriveName, withUnused } from "./drives.ts";
import { assertImage, importDisk } from "./new-disks.ts";
import { assertUnlocked, changeVm, isTemplate, loadVm } from "./vm-files.ts";

/** `qm disk import`: no task, it works in front of the user. */
export async function importIntoVm(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  const vmid = Number(params.vmid);
  const [source, storage] = [String(params.source), String(params.storage)];
  const config = await loadVm(node, vmid);
  assertUnlocked(config);
  await assertImage(node, source);
  if (!contentOf(await mustFindStorage(node, storage)).includes("images")) {
    throw new PveError(`storage ${storage} does not support vm images`);
  }
  const target = params["target-disk"] === undefined ? undefined : String(params["target-disk"]);
  if (target !== undefined && config.current[target] !== undefined) {
    throw new PveError(`cowardly refusing to overwrite existing entry: ${target}`);
  }
  output.print(`importing disk '${source}' to VM ${vmid} ...\n`);
  const format = params.format === undefined ? undefined : String(params.format);
  let volid = await importDisk(node, { vmid, source, storage, format }, output);
  let name = target;
  if (name !== undefined && isDriveName(name) && isTemplate(config)) volid = await makeBase(node, volid);
  await changeVm(node, vmid, (now) => {
    if (name !== undefined && isDriveName(name))
      return { ...now, current: { ...now.current, [name]: volid } };
    const added = withUnused(now.current, volid);
    name = added.name;
    return { ...now, current: added.section };
  });
  output.print(importedLine(node, name ?? "", volid));
}

/** The wording changed in October 2024, with PVE 8.3 (proxmox.md 11). */
function importedLine(node: PveNode, name: string, volid: string): string {
  return saysDriveFirst(node)
    ? `${name}: successfully imported disk '${volid}'\n`
    : `Successfully imported disk as '${name}:${volid}'\n`;
}

function saysDriveFirst(node: PveNode): boolean {
  return !node.settings.oldImport && atLeast(node.release.pveManager, "8.3");
}
