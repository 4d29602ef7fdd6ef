import { qm } from "../proxmox/qm.ts";
import { listVms } from "../proxmox/vms.ts";
import type { Ground } from "./ground.ts";
import { stillOurs, type TestVm } from "./vms.ts";

/**
 * Destroys a VM of the testbed that is off, with the volumes that its configuration names and no others: what is on
 * the storage under its number, and not in its configuration, may be somebody else's. Throws E_QM, E_TESTBED_NODE.
 */
export async function destroyVm({ host, node }: Ground, vm: TestVm): Promise<void> {
  await stillOurs(host, node, vm);
  await qm(host, {
    node,
    vmid: vm.vmid,
    words: ["destroy", String(vm.vmid), "--purge", "1"],
    what: `destroy ${vm.name} (VM ${vm.vmid})`,
    undo: "none: tailmox testbed create makes another",
    timeoutMs: 300_000,
    task: "qmdestroy",
    isDone: async () => !(await listVms(host, node)).some(({ vmid }) => vmid === vm.vmid),
  });
}
