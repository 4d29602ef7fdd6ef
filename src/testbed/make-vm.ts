import { qm } from "../proxmox/qm.ts";
import { readVm } from "../proxmox/vms.ts";
import type { CreateOptions, CreatePlan, NodePlan } from "./create-plan.ts";
import { destroyVm } from "./destroy-vm.ts";
import type { Ground } from "./ground.ts";
import { isOwn, type Mark, readMark, withMark } from "./mark.ts";
import { awaitTasks, freeVm } from "./power.ts";
import { type TestVm, updateMark } from "./vms.ts";

/**
 * Makes a VM with its mark from the first moment, or finishes one that was cut off. The description goes along with
 * the clone: what has no mark is nobody's, and would stay for ever. Throws E_QM, E_TESTBED_*.
 */
export async function makeVm(
  ground: Ground,
  plan: CreatePlan,
  options: CreateOptions,
  node: NodePlan,
  doing: (words: string) => void,
): Promise<TestVm> {
  const found = await findVm(ground, node);
  if (found) await awaitTasks(ground, found);
  const made = found && (await findVm(ground, node));
  // What a power cut left of a clone has half a disk: it is made anew.
  const isHalf = made?.mark.uuid === null && made.config.lock !== undefined;
  if (made && isHalf) {
    await freeVm(ground, made);
    await destroyVm(ground, made);
  }
  const vm = made && !isHalf ? made : await begin(ground, plan, options, node, doing);
  if (vm.mark.stage !== "making") return vm;
  const whole = plan.source.kind === "image" ? await fill(ground, plan, plan.source.file, vm, doing) : vm;
  const set = [
    ...(whole.config.cpu === "host" || options.acceptNoNested ? [] : ["--cpu", "host"]),
    ...(whole.config.agent ? [] : ["--agent", "1"]),
    ...(whole.config.uuid === undefined ? ["--smbios1", `uuid=${crypto.randomUUID()}`] : []),
  ];
  if (set.length > 0) await setVm(ground, whole, set, "give it nested virtualisation and a guest agent");
  const { uuid } = await readVm(ground.host, ground.node, node.vmid);
  return updateMark(ground, whole, (mark) => ({ ...mark, uuid: uuid ?? null, stage: "made" }));
}

/** The VM of a plan if it is there and bears its mark. */
export async function findVm(
  { host, node }: Ground,
  { vmid, name }: Pick<NodePlan, "vmid" | "name">,
): Promise<TestVm | undefined> {
  if ((await host.text(`/etc/pve/nodes/${node}/qemu-server/${vmid}.conf`)) === undefined) return undefined;
  const config = await readVm(host, node, vmid);
  const mark = readMark(config.description);
  return mark && isOwn(mark, vmid, config.uuid) ? { vmid, name, mark, config } : undefined;
}

async function begin(
  ground: Ground,
  plan: CreatePlan,
  options: CreateOptions,
  { name, vmid }: NodePlan,
  doing: (words: string) => void,
): Promise<TestVm> {
  const { host, node } = ground;
  const { source, storage } = plan;
  const uuid = source.kind === "image" ? crypto.randomUUID() : null;
  const mark: Mark = { vmid, uuid, name, stage: "making", snapshot: options.snapshot, devices: [] };
  const id = String(vmid);
  const full = ["--full", "1", "--storage", storage.name, ...(FILES.includes(storage.type) ? QCOW2 : [])];
  const description = withMark("", mark);
  const words: [string, ...string[]] =
    source.kind === "image"
      ? ["create", id, "--name", name, "--description", description, ...hardware(options, uuid ?? "")]
      : [
          ...(["clone", String(source.template), id, "--name", name] as const),
          ...["--description", description, ...(source.kind === "full clone" ? full : [])],
        ];
  await qm(host, {
    node,
    vmid,
    words,
    what: `make VM ${vmid}, "${name}"`,
    undo: `qm destroy ${vmid}`,
    timeoutMs: 3_600_000,
    task: source.kind === "image" ? "qmcreate" : "qmclone",
    ...(source.kind !== "image" && { taskOf: source.template }),
    isDone: async () => {
      const vm = await findVm(ground, { name, vmid });
      return vm !== undefined && vm.config.lock === undefined;
    },
    onOutput: (text) => {
      const percent = text.match(/\((\d+)[.\d]*\s?%\)/g)?.at(-1);
      if (percent) doing(`VM ${vmid} ${percent}`);
    },
  });
  const vm = await findVm(ground, { name, vmid });
  if (vm) return vm;
  throw new Error(`VM ${vmid} was seen, and is gone again`);
}

/** Puts the image into a VM that has no disk yet. */
async function fill(
  ground: Ground,
  { storage }: CreatePlan,
  file: string,
  vm: TestVm,
  doing: (words: string) => void,
): Promise<TestVm> {
  const { host, node } = ground;
  await freeVm(ground, vm);
  const read = () => readVm(host, node, vm.vmid);
  if ((await read()).disks.length > 0) return vm;
  if ((await read()).unused.length === 0) {
    await qm(host, {
      node,
      vmid: vm.vmid,
      words: [
        "disk",
        "import",
        String(vm.vmid),
        file,
        storage.name,
        ...(FILES.includes(storage.type) ? QCOW2 : []),
      ],
      what: `copy ${file} into VM ${vm.vmid}`,
      undo: `qm destroy ${vm.vmid}`,
      timeoutMs: 3_600_000,
      isDone: async () => (await read()).unused.length > 0,
      onOutput: (text) => {
        const percent = text.match(/\((\d+)[.\d]*\s?%\)/g)?.at(-1);
        if (percent) doing(`VM ${vm.vmid} ${percent}`);
      },
    });
  }
  const [volume = ""] = (await read()).unused;
  await setVm(ground, vm, ["--scsi0", volume, "--boot", "order=scsi0"], "put the disk into its slot");
  return { ...vm, config: await read() };
}

async function setVm(
  { host, node }: Ground,
  { vmid }: TestVm,
  words: readonly string[],
  what: string,
): Promise<void> {
  const before = await readVm(host, node, vmid);
  await qm(host, {
    node,
    vmid,
    words: ["set", String(vmid), ...words],
    what: `VM ${vmid}: ${what}`,
    undo: `qm destroy ${vmid}`,
    timeoutMs: 60_000,
    isDone: async () => JSON.stringify(await readVm(host, node, vmid)) !== JSON.stringify(before),
  });
}

/** Source: proxmox.md 11, the useful create line. */
function hardware({ memoryMiB, cores, bridge, acceptNoNested }: CreateOptions, uuid: string): string[] {
  return [
    ...["--memory", String(memoryMiB), "--cores", String(cores)],
    ...(acceptNoNested ? [] : ["--cpu", "host"]),
    ...["--ostype", "l26", "--scsihw", "virtio-scsi-single", "--net0", `virtio,bridge=${bridge}`],
    ...["--agent", "1", "--smbios1", `uuid=${uuid}`],
  ];
}

/** Storages that keep disks as files: only qcow2 has snapshots there. */
const FILES: readonly string[] = ["dir", "nfs", "cifs", "glusterfs"];
const QCOW2 = ["--format", "qcow2"];
