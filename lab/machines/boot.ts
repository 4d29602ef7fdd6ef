import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../src/errors.ts";
import { baysOf, socketDir } from "../hypervisor/bays.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { daemonLog, startDaemon } from "../processes.ts";
import { HYPERVISOR_DIR } from "../pve/guests/hypervisor-protocol.ts";
import { cgroupIsEmpty, cgroupOf, killCgroup } from "./cgroup.ts";
import { hostExec } from "./exec.ts";
import { requireInotify } from "./inotify.ts";
import { loopsAreFree, loopsOf } from "./loops.ts";
import { consoleName, diskImage, isRunning, runningInit } from "./machine.ts";
import { machinePrograms } from "./programs.ts";

export interface Booted {
  /** systemd's own word: "running"; "degraded" when a unit failed; "starting" when a job still runs after the wait. */
  readonly state: "running" | "degraded" | "starting" | "maintenance" | "stopping";
  readonly failedUnits: readonly string[];
  readonly durationMs: number;
}

/**
 * Switches a prepared host on and waits until its systemd has started everything, at most `waitMs`
 * (default 60 s; then its state is "starting"). A failed unit is a fact in the answer and no error.
 * Throws E_LAB_BOOT when systemd does not come up.
 */
export async function bootHost(
  plan: LabPlan,
  host: HostPlan,
  progress: (line: string) => void = () => undefined,
  waitMs = 60_000,
): Promise<Booted> {
  const since = performance.now();
  if (!(await isRunning(plan, host))) await switchOn(plan, host, progress);
  const state = await waitForSystemd(plan, host, waitMs);
  const failedUnits = state === "degraded" ? await failedUnitsOf(plan, host) : [];
  return { state, failedUnits, durationMs: performance.now() - since };
}

/** Switches a prepared host on, and does not wait. */
export async function switchOn(
  plan: LabPlan,
  host: HostPlan,
  progress: (line: string) => void,
): Promise<void> {
  if (!existsSync(diskImage(host)))
    throw bootError(host, "it has no disk", "it was never prepared: run `lab up`");
  await requireInotify(plan, progress);
  const cgroup = await cgroupOf(host);
  await clearAway(host, cgroup);
  const { hold } = await machinePrograms();
  await mkdir(host.dir, { recursive: true });
  const lowers = await lowersOf(host);
  await startDaemon(
    plan,
    consoleName(host),
    [
      ...[hold, "-cgroup", cgroup, "-disk", diskImage(host), "-lower", lowers.join(":"), "-at", host.dir],
      ...["--", ...nspawn(plan, host)],
    ] as const satisfies [string, ...string[]],
    {
      // nspawn joins it too late for /sys, which would show this machine's network devices.
      namespace: host.namespace,
      env: {
        // Else nspawn gives its guest the mixed hierarchy of this machine, which systemd 256 and later refuse.
        SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1",
        SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network",
      },
    },
  );
}

/** What a guest agent looks for: only a VM with an agent configured has it. */
const AGENT_PORT = "/dev/virtio-ports/org.qemu.guest_agent.0";

/** docs/decisions/nspawn.md has the reasons. */
function nspawn(plan: LabPlan, host: HostPlan): string[] {
  return [
    ...["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--settings=no"],
    ...[`--directory=${join(host.dir, "root")}`, `--machine=${host.namespace}`],
    `--network-namespace-path=/run/netns/${host.namespace}`,
    ...["--console=read-only", "--link-journal=no", "--resolv-conf=off", "--timezone=off"],
    ...["--bind=/dev/net/tun", "--bind=/dev/fuse"],
    ...(baysOf(plan, host).length > 0 ? [`--bind=${socketDir(plan, host)}:${HYPERVISOR_DIR}`] : []),
    ...(host.bayOf === undefined ? [] : [`--bind=/dev/null:${AGENT_PORT}`]),
    // All hosts share this machine's clock and kernel: what changes either stays out.
    ...["--capability=all", "--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE"],
    // What systemd gives itself on a real host.
    "--rlimit=RLIMIT_NOFILE=1024:524288",
    "systemd.show_status=yes",
  ];
}

/** What a host that ended badly may have left: processes that outlived its nspawn, and with them its disk. */
async function clearAway(host: HostPlan, cgroup: string): Promise<void> {
  await killCgroup(cgroup);
  if ((await cgroupIsEmpty(cgroup, 10_000)) && (await loopsAreFree(diskImage(host), 10_000))) return;
  const devices = (await loopsOf(diskImage(host))).map(({ device }) => device).join(" ") || "none";
  throw bootError(host, "its last run has not ended", `loop devices in use: ${devices}, cgroup ${cgroup}`);
}

const image = z.object({ lowers: z.array(z.string()).min(1) });

async function lowersOf(host: HostPlan): Promise<string[]> {
  return image.parse(JSON.parse(await readFile(join(host.dir, "image.json"), "utf8"))).lowers;
}

async function waitForSystemd(plan: LabPlan, host: HostPlan, waitMs: number): Promise<Booted["state"]> {
  const deadline = Date.now() + waitMs;
  while (Date.now() < deadline) {
    if (!(await isRunning(plan, host))) break;
    if ((await runningInit(plan, host)) !== undefined) {
      const timeoutMs = Math.max(1_000, deadline - Date.now());
      const { stdout, timedOut } = await hostExec(plan, host, ["systemctl", "is-system-running", "--wait"], {
        timeoutMs,
      });
      const state = states.safeParse(stdout.trim());
      if (state.success) return state.data;
      if (timedOut) return "starting";
    }
    // Between nspawn's start and systemd's first answer there is nothing to watch, for about 0.2 s.
    await Bun.sleep(25);
  }
  const log = await readFile(daemonLog(plan, consoleName(host)), "utf8").catch(() => "");
  throw bootError(host, "its systemd did not come up", log.trim().split("\n").slice(-6).join("\n"));
}

const states = z.enum(["running", "degraded", "maintenance", "stopping"]);

async function failedUnitsOf(plan: LabPlan, host: HostPlan): Promise<string[]> {
  const { stdout } = await hostExec(plan, host, [
    "systemctl",
    "--failed",
    "--plain",
    "--no-legend",
    "--no-pager",
  ]);
  return stdout.split("\n").flatMap((line) => line.split(" ")[0] || []);
}

function bootError(host: HostPlan, what: string, likely: string): UserError {
  return new UserError("E_LAB_BOOT", `${host.name} does not boot: ${what}`, {
    likely: likely || "the console says nothing",
    mend: `look at its console: log/${consoleName(host)}.log in the lab's directory`,
  });
}
