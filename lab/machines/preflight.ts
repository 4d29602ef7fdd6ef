import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { UserError } from "../../src/errors.ts";
import { run } from "../../src/host/run.ts";
import { freeMib } from "../images/space.ts";
import { cacheDir } from "../paths.ts";
import type { LabPlan } from "../plan.ts";

/** What a lab asks of its machine, as found. */
export interface MachineFacts {
  readonly root: boolean;
  /** Network and mount namespaces can be made; root in an unprivileged container cannot. */
  readonly namespaces: boolean;
  readonly fuse: boolean;
  readonly tun: boolean;
  readonly loop: boolean;
  readonly cgroup2: boolean;
  /** MiB that programs may still take, without swap. */
  readonly memoryMib: number;
  /** MiB free where .cache/ is. */
  readonly diskMib: number;
}

/**
 * Memory of a host in MiB (proportional share, measured by `npm run bench`): systemd, sshd, the stand-in's
 * services, tailscaled and corosync, with a third on top for what a test runs there.
 */
export const HOST_MEMORY_MIB = 300;
/** The lab's own programs: relay, control server, name server, repository. */
const LAB_MEMORY_MIB = 400;
/** What a host writes to its sparse disk, and what images and programs take once. */
const HOST_DISK_MIB = 200;
const LAB_DISK_MIB = 500;

/** Throws the first thing that keeps this machine from running the lab of `plan`. */
export async function assertMachineFits(plan: Pick<LabPlan, "hosts">): Promise<void> {
  const [first] = judgeMachine(await machineFacts(), plan);
  if (first) throw first;
}

/** What this machine lacks for any lab at all, in words; empty when labs can run. */
export async function missingForLab(): Promise<string[]> {
  return judgeMachine(await machineFacts(), { hosts: [] }).map((error) => error.message);
}

/** Looks at this machine; changes nothing. */
export async function machineFacts(): Promise<MachineFacts> {
  const [mounts, memory, diskMib, unshared] = await Promise.all([
    readFile("/proc/self/mountinfo", "utf8"),
    readFile("/proc/meminfo", "utf8"),
    freeMib(existsSync(cacheDir) ? cacheDir : "."),
    run(["unshare", "--net", "--mount", "true"], { timeoutMs: 5_000 }),
  ]);
  return {
    root: process.getuid?.() === 0,
    namespaces: unshared.exitCode === 0,
    fuse: existsSync("/dev/fuse"),
    tun: existsSync("/dev/net/tun"),
    loop: existsSync("/dev/loop-control"),
    cgroup2: / - cgroup2 /.test(mounts),
    memoryMib: Math.floor(Number(/^MemAvailable:\s+(\d+) kB/m.exec(memory)?.[1] ?? 0) / 1024),
    diskMib,
  };
}

/** All that keeps a machine from running the hosts of a plan; the most basic first. Pure. */
export function judgeMachine(facts: MachineFacts, plan: Pick<LabPlan, "hosts">): UserError[] {
  const count = plan.hosts.length;
  const memory = LAB_MEMORY_MIB + count * HOST_MEMORY_MIB;
  const disk = LAB_DISK_MIB + count * HOST_DISK_MIB;
  const findings: (UserError | false)[] = [
    !facts.root &&
      new UserError("E_LAB_NOT_ROOT", "the lab needs root", {
        likely: "it makes namespaces, mounts and containers, which only root may",
        mend: "run it as root: sudo npm run demo",
      }),
    facts.root &&
      !facts.namespaces &&
      new UserError("E_LAB_NO_NAMESPACES", "this machine lets nobody make namespaces, not even root", {
        likely: "this is a container without privileges",
        mend: "use a virtual machine, or a container with --privileged",
      }),
    !facts.fuse && noDevice("E_LAB_NO_FUSE", "/dev/fuse", "/etc/pve is a FUSE file system", "modprobe fuse"),
    !facts.tun && noDevice("E_LAB_NO_TUN", "/dev/net/tun", "tailscaled needs it", "modprobe tun"),
    !facts.loop &&
      noDevice("E_LAB_NO_LOOP", "/dev/loop-control", "hosts' disks are loop files", "modprobe loop"),
    !facts.cgroup2 &&
      new UserError("E_LAB_NO_CGROUP", "cgroup v2 is not mounted on this machine", {
        likely: "an unusual set-up of cgroups; systemd in the hosts needs v2",
        mend: "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified",
      }),
    facts.memoryMib < memory &&
      new UserError(
        "E_LAB_NO_MEMORY",
        `${count} hosts need ${memory} MiB of memory, ${facts.memoryMib} are free`,
        {
          likely: `a host takes about ${HOST_MEMORY_MIB} MiB, the lab's own programs ${LAB_MEMORY_MIB}`,
          mend: `fewer hosts (${hostsThatFit(facts)} would fit), or end other programs`,
        },
      ),
    facts.diskMib < disk &&
      new UserError("E_LAB_NO_SPACE", `${count} hosts need ${disk} MiB of disk, ${facts.diskMib} are free`, {
        likely: "the disk that holds .cache/ is nearly full",
        mend: "make room, or take labs away: npm run lab -- down --all",
      }),
  ];
  return findings.filter((finding) => finding !== false);
}

function hostsThatFit(facts: MachineFacts): number {
  return Math.max(0, Math.floor((facts.memoryMib - LAB_MEMORY_MIB) / HOST_MEMORY_MIB));
}

function noDevice(
  code: "E_LAB_NO_FUSE" | "E_LAB_NO_TUN" | "E_LAB_NO_LOOP",
  path: string,
  why: string,
  modprobe: string,
) {
  return new UserError(code, `this machine has no ${path}`, {
    likely: `${why}, and the kernel module is not loaded, or a container hides the device`,
    mend: `${modprobe}; in a container: pass the device through`,
  });
}
