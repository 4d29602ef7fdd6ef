import { UserError } from "../errors.ts";
import type { CreateFacts, Storage } from "./create-facts.ts";
import { assertSnapshotName, nodeNames } from "./names.ts";
import type { TestVm } from "./vms.ts";

export interface CreateOptions {
  readonly template: number | undefined;
  /** Absolute path of a disk image with Proxmox inside. */
  readonly image: string | undefined;
  readonly nodes: number;
  readonly prefix: string;
  /** Number of the first new VM; the others follow. undefined: what is free. */
  readonly vmid: number | undefined;
  /** undefined: the template's, or the roomiest that can make snapshots. */
  readonly storage: string | undefined;
  readonly bridge: string;
  readonly memoryMiB: number;
  readonly cores: number;
  readonly snapshot: string;
  readonly acceptNoNested: boolean;
}

/** A VM that is to be made, or is there half made. */
export interface NodePlan {
  readonly name: string;
  readonly vmid: number;
  /** As it is there already, by its mark. */
  readonly present: TestVm | undefined;
}

export interface CreatePlan {
  readonly nodes: readonly NodePlan[];
  readonly source:
    | { readonly kind: "linked clone" | "full clone"; readonly template: number }
    | { readonly kind: "image"; readonly file: string };
  readonly storage: Storage;
  readonly neededGiB: number;
  readonly neededMiB: number;
  /** Other VMs with the same names, which stay as they are. */
  readonly namesakes: readonly { readonly vmid: number; readonly name: string }[];
}

/**
 * What is to be made, after everything that could be in the way was looked at. Pure. Throws E_TESTBED_* with nothing
 * changed.
 */
export function planCreate(options: CreateOptions, facts: CreateFacts): CreatePlan {
  const names = nodeNames(options.prefix, options.nodes);
  assertSnapshotName(options.snapshot);
  if (facts.nested !== true && !options.acceptNoNested) throw noNested(facts.nested);
  const nodes = numbered(names, options, facts);
  const missing = nodes.filter(({ present }) => !present || present.mark.stage === "making").length;
  const source = chooseSource(options, facts);
  const storage = chooseStorage(options, facts, source);
  assertBridge(options, facts);
  const neededGiB = missing * gibPerNode(source, facts);
  if (neededGiB > storage.freeGiB) throw noSpace(storage, neededGiB, missing);
  const memory = facts.template?.memoryMiB ?? options.memoryMiB;
  // Those that are ready may run already: what they have is not counted twice.
  const starting = nodes.filter(({ present }) => present?.mark.stage !== "ready").length;
  const neededMiB = starting * memory;
  if (neededMiB > facts.freeMemoryMiB) throw noMemory(facts.freeMemoryMiB, neededMiB, starting);
  const own = new Set(nodes.map(({ vmid }) => vmid));
  const namesakes = facts.vms.filter(({ vmid, name }) => names.includes(name) && !own.has(vmid));
  return { nodes, source, storage, neededGiB, neededMiB, namesakes };
}

function numbered(names: readonly string[], { vmid: first }: CreateOptions, facts: CreateFacts): NodePlan[] {
  const taken = new Set(facts.taken);
  let next = first ?? 100;
  return names.map((name) => {
    const present = facts.testbed.vms.find((vm) => vm.name === name);
    if (present) return { name, vmid: present.vmid, present };
    while (first === undefined && taken.has(next)) next += 1;
    if (taken.has(next)) throw takenId(next, facts);
    taken.add(next);
    return { name, vmid: next++, present: undefined };
  });
}

function chooseSource({ template, image }: CreateOptions, facts: CreateFacts): CreatePlan["source"] {
  if (image !== undefined) {
    if (facts.imageBytes === undefined) throw noImage(image);
    return { kind: "image", file: image };
  }
  if (template === undefined || !facts.template?.template) {
    throw noTemplate(template ?? 0, facts.template !== undefined);
  }
  return { kind: facts.template.canLink ? "linked clone" : "full clone", template };
}

function chooseStorage(
  { storage: wanted }: CreateOptions,
  facts: CreateFacts,
  source: CreatePlan["source"],
): Storage {
  // A linked clone lies where its template lies.
  const own = facts.template?.disks[0]?.storage;
  const name = source.kind === "linked clone" ? own : (wanted ?? own);
  if (source.kind === "linked clone" && wanted !== undefined && wanted !== own) {
    throw badStorage(wanted, `a linked clone has to lie on its template's storage, ${own}`);
  }
  if (name === undefined) {
    const fit = facts.storages.filter(({ images, type }) => images && !NO_SNAPSHOTS.includes(type));
    const [best] = fit.sort((a, b) => b.freeGiB - a.freeGiB);
    if (best) return best;
    throw badStorage("(any)", "none here takes disks of VMs and makes snapshots");
  }
  const storage = facts.storages.find((one) => one.name === name);
  if (!storage) throw badStorage(name, `there are ${facts.storages.map((one) => one.name).join(", ")}`);
  if (!storage.images) throw badStorage(name, "it takes no disks of VMs, or is not active");
  if (NO_SNAPSHOTS.includes(storage.type)) throw badStorage(name, `"${storage.type}" makes no snapshots`);
  return storage;
}

function assertBridge({ bridge }: CreateOptions, { template, bridges }: CreateFacts): void {
  const wanted = template ? template.nets.map((net) => net.bridge) : [bridge];
  const gone = wanted.find((name) => !bridges.includes(name));
  if (gone === undefined && wanted.length > 0) return;
  throw new UserError(
    "E_TESTBED_BRIDGE",
    gone === undefined ? "the template has no network card" : `there is no bridge ${gone} on this host`,
    {
      likely: "the template was made on another host, or for another network",
      mend: template ? `qm set ${template.vmid} --net0 virtio,bridge=vmbr0` : "--bridge NAME",
    },
  );
}

/** A linked clone grows with what is written into it: Proxmox's updates and a few days of logs. */
function gibPerNode(source: CreatePlan["source"], facts: CreateFacts): number {
  if (source.kind === "linked clone") return 2;
  const whole = facts.template?.disks.reduce((sum, { gib }) => sum + gib, 0);
  return whole ?? (facts.imageBytes ?? 0) / 2 ** 30;
}

/** Types of storage without snapshots, by pve-storage. */
const NO_SNAPSHOTS: readonly string[] = ["lvm", "iscsi", "iscsidirect", "pbs", "esxi"];

function noNested(nested: boolean | undefined): UserError {
  return new UserError("E_TESTBED_NESTED", "VMs on this host cannot run VMs of their own", {
    likely:
      nested === undefined
        ? "KVM is not loaded: virtualisation is off in the firmware, or this host is a VM itself"
        : "nested virtualisation is switched off",
    mend:
      "echo 'options kvm-intel nested=1' > /etc/modprobe.d/kvm.conf (kvm-amd for AMD), then reboot; or, if no guest " +
      "is to be started in the test VMs: --accept-risk no-nested",
  });
}

function takenId(vmid: number, { vms }: CreateFacts): UserError {
  const name = vms.find((vm) => vm.vmid === vmid)?.name;
  return new UserError("E_TESTBED_VMID", `the number ${vmid} is taken${name ? ` by "${name}"` : ""}`, {
    likely: "a VM or container that is not of the testbed has it; it was left as it is",
    mend: "another --vmid, or none: then free numbers are chosen",
  });
}

function noTemplate(vmid: number, isVm: boolean): UserError {
  return new UserError(
    "E_TESTBED_TEMPLATE",
    isVm ? `VM ${vmid} is no template` : `there is no VM ${vmid} on this node`,
    {
      likely: isVm
        ? "it is an ordinary VM: its disk may be written to"
        : "a slip of the pen, or another node",
      mend: "qm list; how to make a template: docs/testbed-template.md",
    },
  );
}

function noImage(file: string): UserError {
  return new UserError("E_TESTBED_TEMPLATE", `${file} is no disk image`, {
    likely: "there is no such file, or it is a folder or a device",
    mend: "give the path of a raw or qcow2 file",
  });
}

function badStorage(name: string, likely: string): UserError {
  return new UserError("E_TESTBED_STORAGE", `the storage "${name}" cannot hold a testbed`, {
    likely,
    mend: "pvesm status; --storage NAME (ZFS, LVM-thin, or files of qcow2)",
  });
}

function noSpace({ name, freeGiB }: Storage, neededGiB: number, nodes: number): UserError {
  return new UserError("E_TESTBED_ROOM", `${nodes} VMs need ${words(neededGiB)} on the storage "${name}"`, {
    likely: `${words(freeGiB)} are free there`,
    mend: "fewer --nodes, another --storage, or make room",
  });
}

function noMemory(freeMiB: number, neededMiB: number, nodes: number): UserError {
  return new UserError("E_TESTBED_ROOM", `${nodes} VMs need ${words(neededMiB / 1024)} of memory`, {
    likely: `${words(freeMiB / 1024)} are free`,
    mend: "fewer --nodes, or stop other guests",
  });
}

function words(gib: number): string {
  return `${gib.toFixed(1)} GiB`;
}
