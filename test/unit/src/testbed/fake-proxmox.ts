import type { Argv, Writer } from "../../../../src/host/host.ts";
import type { RunOptions, RunResult } from "../../../../src/host/run.ts";
import { copyGuest, type FakeGuest, newGuest, runInGuest } from "./fake-guest.ts";

/** A Proxmox host in memory: `qm` and `pvesh get` as far as a testbed uses them (proxmox.md 11). */
export interface FakeProxmox {
  readonly carrier: Writer;
  readonly vms: Map<number, FakeVm>;
  readonly files: Map<string, string>;
  /** Every `qm` that changes something, as it was called. */
  readonly changes: string[];
  /** Verbs that do nothing and end with 0, as if all were well. */
  readonly lies: Set<string>;
  /** Tasks under way, by VM. */
  readonly busy: Map<number, string>;
  storage: { type: string; freeGiB: number };
  freeMiB: number;
}

export interface FakeVm {
  conf: Record<string, string>;
  power: string;
  snapshots: FakeSnapshot[];
  guest: FakeGuest;
  agent: boolean;
}

interface FakeSnapshot {
  readonly name: string;
  readonly snaptime: number;
  readonly description: string;
  readonly parent: string | undefined;
  readonly guest: FakeGuest;
  readonly conf: Record<string, string>;
  readonly snapstate?: string;
}

export const TEMPLATE = 9000;
let clock = 1_700_000_000;

/** One template with Proxmox inside, and VM 105 that is somebody else's. */
export function fakeProxmox(): FakeProxmox {
  const base = { memory: "4096", cpu: "host", agent: "1", smbios1: `uuid=${crypto.randomUUID()}` };
  const disk = "local-zfs:base-9000-disk-0,size=32G";
  const hardware = { ...base, scsi0: disk, net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0" };
  const vm = (name: string, conf: Record<string, string>): FakeVm => ({
    conf: { name, ...hardware, ...conf },
    power: "stopped",
    snapshots: [],
    guest: newGuest("template", "192.168.1.9"),
    agent: true,
  });
  const vms = new Map([
    [TEMPLATE, vm("template", { template: "1" })],
    [105, vm("tailmox-test1", {})],
  ]);
  const files = new Map([
    ["/etc/os-release", 'VERSION_ID="13"\nVERSION_CODENAME=trixie\n'],
    ["/sys/module/kvm_intel/parameters/nested", "Y\n"],
    ["/root/.ssh/id_rsa.pub", "ssh-rsa HOSTKEY root@pve1\n"],
    ["/sys/class/net/vmbr0/address", ""],
  ]);
  return proxmoxWith(vms, files);
}

/** The same with other VMs and files. */
export function proxmoxWith(vms: FakeProxmox["vms"], files: FakeProxmox["files"]): FakeProxmox {
  const fake: FakeProxmox = {
    carrier: carrierOf(() => fake),
    vms,
    files,
    changes: [],
    lies: new Set(),
    busy: new Map(),
    storage: { type: "zfspool", freeGiB: 500 },
    freeMiB: 65_536,
  };
  return fake;
}

function carrierOf(own: () => FakeProxmox): Writer {
  const run = async (argv: Argv, options?: RunOptions): Promise<RunResult> => {
    const { exitCode, out, err } = answer(own(), argv, options?.input ?? "");
    return { argv, exitCode, stdout: out, stderr: err, timedOut: false, durationMs: 1 };
  };
  return {
    name: "pve1",
    run,
    text: async (path) => {
      const vmid = /qemu-server\/(\d+)\.conf$/.exec(path)?.[1];
      const vm = vmid === undefined ? undefined : own().vms.get(Number(vmid));
      return vm ? `#${vm.conf.description ?? ""}` : own().files.get(path);
    },
    list: async (path) => {
      if (path.endsWith("qemu-server")) return [...own().vms.keys()].map((vmid) => `${vmid}.conf`);
      const under = [...own().files.keys()].filter((name) => name.startsWith(`${path}/`));
      return [...new Set(under.map((name) => name.slice(path.length + 1).split("/")[0] ?? ""))];
    },
    write: async (path, content) => void own().files.set(path, content.toString()),
    remove: async (path) => void own().files.delete(path),
  };
}

const ok = (out: unknown = "") => ({
  exitCode: 0,
  out: typeof out === "string" ? out : JSON.stringify(out),
  err: "",
});
const bad = (err: string) => ({ exitCode: 255, out: "", err });

function answer(fake: FakeProxmox, argv: readonly string[], input: string) {
  const [program = "", ...args] = argv;
  if (program === "pvesh") return ok(apiAnswer(fake, args[1] ?? ""));
  if (program === "pveversion")
    return ok("pve-manager/9.1.2/9d436f37a0ac4172 (running kernel: 6.17.2-1-pve)\n");
  if (program === "uname") return ok("pve1\n");
  if (program === "systemctl") return ok("ActiveState=inactive\n");
  if (program === "systemd-run") return qm(fake, argv.slice(argv.indexOf("--") + 2));
  if (program === "ip") return ok("[]");
  if (program === "stat") return bad("No such file");
  if (program !== "qm") return ok();
  if (args[0] !== "guest") return qm(fake, args);
  const vm = fake.vms.get(Number(args[2]));
  if (vm?.power !== "running" || !vm.agent) return bad("QEMU guest agent is not running");
  // Behind `--` comes env with four words.
  const ran = runInGuest(vm.guest, argv.slice(argv.indexOf("--") + 5), input);
  return ok({ exited: 1, exitcode: ran.exitCode, "out-data": ran.out, "err-data": ran.err });
}

function apiAnswer(fake: FakeProxmox, path: string): unknown {
  const [, vmid = "", what = ""] = /\/qemu\/(\d+)\/(.*)$/.exec(path) ?? [];
  const vm = fake.vms.get(Number(vmid));
  const rows = [...fake.vms].map(([id, { conf, power }]) => ({ vmid: id, name: conf.name, status: power }));
  if (path.endsWith("/qemu") || path === "/cluster/resources") return rows;
  if (path.endsWith("/tasks")) {
    return [...fake.busy].map(([id, type]) => ({ upid: "UPID:pve1:x:", type, id: String(id), starttime: 1 }));
  }
  if (path.endsWith("/storage")) {
    const { type, freeGiB } = fake.storage;
    return [{ storage: "local-zfs", type, content: "images", avail: freeGiB * 2 ** 30, active: 1 }];
  }
  if (path === "/nodes/pve1/status") return { memory: { free: fake.freeMiB * 2 ** 20 } };
  if (!vm) return null;
  if (what === "config") return vm.conf;
  if (what === "feature") return { hasFeature: fake.storage.type === "lvm" ? 0 : 1 };
  if (what === "status/current") {
    return { status: vm.power === "stopped" ? "stopped" : "running", qmpstatus: vm.power };
  }
  const current = { name: "current", description: "You are here!" };
  return [...vm.snapshots.map(({ guest: _g, conf: _c, ...shown }) => shown), current];
}

function qm(fake: FakeProxmox, words: readonly string[]) {
  const [verb = "", id = "", third = ""] = words;
  fake.changes.push(`qm ${words.slice(0, 3).join(" ")}`);
  if (fake.lies.has(verb)) return ok();
  const vmid = Number(id);
  const vm = fake.vms.get(vmid);
  const option = (name: string) => words[words.indexOf(name) + 1] ?? "";
  const given = () => {
    const pairs = words.flatMap((word, index) =>
      word.startsWith("--") ? [[word.slice(2), words[index + 1] ?? ""] as const] : [],
    );
    return Object.fromEntries(pairs);
  };
  if (!vm) return bad(`Configuration file 'nodes/pve1/qemu-server/${id}.conf' does not exist`);
  if (vm.conf.lock !== undefined && verb !== "unlock") return bad(`VM is locked (${vm.conf.lock})`);
  switch (verb) {
    case "clone": {
      const { template: _, ...conf } = vm.conf;
      const own = { name: option("--name"), description: option("--description") };
      const smbios1 = `uuid=${crypto.randomUUID()}`;
      const guest = copyGuest(vm.guest, `192.168.1.${Number(third) - 50}`);
      fake.vms.set(Number(third), { ...vm, conf: { ...conf, ...own, smbios1 }, snapshots: [], guest });
      break;
    }
    case "set":
      vm.conf = { ...vm.conf, ...given() };
      break;
    case "unlock":
      delete vm.conf.lock;
      break;
    case "start":
    case "resume":
      vm.power = "running";
      break;
    case "stop":
    case "shutdown":
      vm.power = "stopped";
      break;
    case "snapshot":
      vm.snapshots.push({
        name: third,
        snaptime: clock++,
        description: `${option("--description")}\n`,
        parent: vm.conf.parent,
        guest: copyGuest(vm.guest, vm.guest.address),
        conf: vm.conf,
      });
      vm.conf = { ...vm.conf, parent: third };
      break;
    case "delsnapshot":
      vm.snapshots = vm.snapshots.filter(({ name }) => name !== third);
      break;
    case "rollback": {
      const to = vm.snapshots.find(({ name }) => name === third);
      if (!to) return bad(`snapshot '${third}' does not exist`);
      if (to !== vm.snapshots.at(-1)) return bad(`can't rollback, '${third}' is not most recent snapshot`);
      vm.guest = copyGuest(to.guest, to.guest.address);
      // A rollback gives the whole old configuration back here, description included: the worse of two cases.
      vm.conf = { ...to.conf, parent: third };
      vm.power = "stopped";
      break;
    }
    case "destroy":
      if (vm.power !== "stopped") return bad(`VM ${id} is running - destroy failed`);
      fake.vms.delete(vmid);
      break;
    default:
      return bad(`unknown command 'qm ${verb}'`);
  }
  return ok();
}
