import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import {
  type Power,
  readPower,
  readSnapshots,
  readVm,
  type Snapshot,
  type VmConfig,
} from "../proxmox/vms.ts";
import type { Ground } from "./ground.ts";
import { isOwn, MARK_WORD, type Mark, readMark, withMark } from "./mark.ts";

/** A VM of the testbed: its mark was compared with its number and its board. */
export interface TestVm {
  readonly vmid: number;
  /** Host name inside, by the mark: the name in Proxmox can be changed by anybody. */
  readonly name: string;
  readonly mark: Mark;
  readonly config: VmConfig;
}

export interface Testbed {
  readonly vms: readonly TestVm[];
  /** Bear a mark that names another VM: copies, which are never touched. */
  readonly copies: readonly { readonly vmid: number; readonly name: string }[];
}

/** The VMs of this node that are of the testbed, by name. Throws E_COMMAND_FAILED. */
export async function readTestbed(reader: Reader, node: string): Promise<Testbed> {
  const folder = `/etc/pve/nodes/${node}/qemu-server`;
  const files = (await reader.list(folder)).filter((name) => /^\d+\.conf$/.test(name));
  const vms: TestVm[] = [];
  const copies: { vmid: number; name: string }[] = [];
  for (const file of files) {
    // Asking Proxmox for each VM of a full host would take a minute: only files that mention a mark are asked for.
    if (!(await reader.text(`${folder}/${file}`))?.includes(MARK_WORD)) continue;
    const vmid = Number.parseInt(file, 10);
    const config = await readVm(reader, node, vmid);
    const mark = readMark(config.description);
    if (mark && isOwn(mark, vmid, config.uuid)) vms.push({ vmid, name: mark.name, mark, config });
    else if (mark) copies.push({ vmid, name: config.name });
  }
  vms.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }) || a.vmid - b.vmid);
  return { vms, copies };
}

/** The VMs that a command is for: those named, or all. Throws E_TESTBED_NONE, E_TESTBED_NODE. */
export function chooseVms(vms: readonly TestVm[], wanted: readonly string[]): readonly TestVm[] {
  if (vms.length === 0) throw noTestbed();
  if (wanted.length === 0) return vms;
  return [...new Set(wanted)].map((name) => {
    const vm = vms.find((one) => one.name === name || String(one.vmid) === name);
    if (vm) return vm;
    throw new UserError("E_TESTBED_NODE", `the testbed has no VM "${name}"`, {
      likely: `it has ${vms.map((one) => one.name).join(", ")}`,
      mend: "tailmox testbed status",
    });
  });
}

/**
 * The same VM as it stands now. Asked before every change: between two steps somebody may have put another VM in
 * its place. Throws E_TESTBED_NODE when it is no longer the testbed's.
 */
export async function stillOurs(reader: Reader, node: string, vm: TestVm): Promise<TestVm> {
  const config = await readVm(reader, node, vm.vmid);
  const mark = readMark(config.description);
  if (mark && isOwn(mark, vm.vmid, config.uuid)) return { ...vm, mark, config };
  throw new UserError("E_TESTBED_NODE", `VM ${vm.vmid} no longer bears the testbed's mark`, {
    likely: "its description was edited, or another VM was put in its place; it was left as it is",
    mend: `qm config ${vm.vmid}`,
  });
}

/** Changes the mark in the VM's description, and looks whether it is there. Throws E_QM, E_TESTBED_NODE. */
export async function updateMark(
  { host, node }: Ground,
  vm: TestVm,
  update: (mark: Mark) => Mark,
): Promise<TestVm> {
  const now = await stillOurs(host, node, vm);
  const text = withMark(now.config.description, update(now.mark));
  if (sameMark(readMark(text), now.mark)) return now;
  const change = { what: `write the testbed's mark into VM ${vm.vmid}`, undo: "tailmox testbed destroy" };
  await host.change(change, (writer) =>
    writer.run(["qm", "set", String(vm.vmid), "--description", text], { timeoutMs: 60_000 }),
  );
  const config = await readVm(host, node, vm.vmid);
  const mark = readMark(config.description);
  if (mark && sameMark(mark, readMark(text))) return { ...vm, mark, config };
  throw new UserError("E_QM", `the mark could not be written into the description of VM ${vm.vmid}`, {
    likely: config.lock === undefined ? "qm set did not do it" : `it is locked (${config.lock})`,
    mend: `qm config ${vm.vmid}`,
  });
}

function sameMark(a: Mark | undefined, b: Mark | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What `revert` and `status` look at besides. */
export interface VmSight {
  readonly vm: TestVm;
  readonly power: Power;
  readonly snapshots: readonly Snapshot[];
}

/** Power and snapshots of VMs. Throws E_COMMAND_FAILED. */
export async function lookAtVms({ host, node }: Ground, vms: readonly TestVm[]): Promise<VmSight[]> {
  return Promise.all(
    vms.map(async (vm) => {
      const [power, snapshots] = await Promise.all([
        readPower(host, node, vm.vmid),
        readSnapshots(host, node, vm.vmid),
      ]);
      return { vm, power, snapshots };
    }),
  );
}

export function noTestbed(): UserError {
  return new UserError("E_TESTBED_NONE", "there is no testbed on this host", {
    likely: "no VM here bears the mark of one: none was made, or all were destroyed",
    mend: "tailmox testbed create --template VMID --nodes 3",
  });
}
