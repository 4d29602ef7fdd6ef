import { listGuests } from "../api/guest-list.ts";
import { PveError, textOf } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { assertQuorate } from "../node/quorum.ts";
import type { Params } from "../params/verify.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { drivesOf } from "./drives.ts";
import { withUuid } from "./identity.ts";
import { withNewDisks } from "./new-disks.ts";
import { startVm } from "./power.ts";
import { valuesOf } from "./values.ts";
import { EMPTY_CONFIG, type Section } from "./vm-config.ts";
import { changeVm, removeVm, unlocked, withVmLock, writeVm } from "./vm-files.ts";

/** Before the task: takes the number, with a file that says `lock: create`. */
export async function reserveVm(node: PveNode, params: Params): Promise<void> {
  await assertQuorate(node);
  const vmid = Number(params.vmid);
  valuesOf(params);
  await withVmLock(node, vmid, async () => {
    const taken = (await listGuests(node)).find((guest) => guest.vmid === vmid);
    if (taken) {
      const kind = taken.type === "qemu" ? "VM" : "CT";
      throw new PveError(
        `unable to create VM ${vmid} - ${kind} ${vmid} already exists on node '${taken.node}'`,
      );
    }
    await writeVm(node, vmid, { ...EMPTY_CONFIG, current: { lock: "create" } });
  });
}

/** The task `qmcreate`: disks, then the configuration. What was made is taken away when it fails. */
export async function createVm(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  const vmid = Number(params.vmid);
  try {
    const made = await withNewDisks(node, vmid, valuesOf(params), output);
    await changeVm(node, vmid, (config) => ({
      ...config,
      current: unlocked({ ...generated(made), ...made }),
    }));
  } catch (error) {
    await removeVm(node, vmid).catch(() => undefined);
    throw new PveError(`unable to create VM ${vmid} - ${textOf(error)}`);
  }
  if (params.start) await startVm(node, { vmid }, output);
}

/** What Proxmox adds of itself. */
function generated(values: Section): Section {
  const [boot] = drivesOf(values);
  return {
    ...(boot && values.boot === undefined && { boot: `order=${boot[0]}` }),
    meta: `creation-qemu=10.1.2,ctime=${Math.floor(Date.now() / 1000)}`,
    smbios1: withUuid(values.smbios1),
    vmgenid: crypto.randomUUID(),
  };
}
