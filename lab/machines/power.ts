import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../../src/errors.ts";
import { runOk } from "../../src/host/run.ts";
import { baysOf } from "../hypervisor/bays.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { cgroupIsEmpty, cgroupOf, killCgroup, removeCgroups } from "./cgroup.ts";
import { loopsAreFree } from "./loops.ts";
import { diskImage, isRunning, runningInit } from "./machine.ts";
import { powerCut } from "./power-cut.ts";

/** The signal that makes systemd power off in good order: SIGRTMIN+4 (systemd(1)). */
const POWEROFF = 34 + 4;

/**
 * Shuts a host down in good order and waits until it is off. Does nothing when it is off.
 * Throws E_LAB_SHUTDOWN after `timeoutMs` (default 100 s: systemd gives a unit 90 s to stop).
 */
export async function shutdownHost(plan: LabPlan, host: HostPlan, timeoutMs = 100_000): Promise<void> {
  if (!(await isRunning(plan, host))) return;
  if (!(await pressPowerButton(plan, host))) return crashHost(plan, host);
  for (const deadline = Date.now() + timeoutMs; await isRunning(plan, host); await Bun.sleep(20)) {
    if (Date.now() < deadline) continue;
    throw new UserError("E_LAB_SHUTDOWN", `${host.name} did not shut down in ${timeoutMs / 1000} s`, {
      likely: "one of its services does not stop",
      mend: `npm run lab -- exec ${host.name} -- systemctl list-jobs      or: npm run lab -- crash ${host.name}`,
    });
  }
  await confirmOff(host);
}

/** Tells a host's systemd to power off in good order; false where none runs yet to hear it. */
export async function pressPowerButton(plan: LabPlan, host: HostPlan): Promise<boolean> {
  const init = await runningInit(plan, host);
  if (init !== undefined) process.kill(init, POWEROFF);
  return init !== undefined;
}

/**
 * Cuts a host's power: its network falls silent, what it has not synced is lost, everything in it dies, all
 * within some ms; its VMs with it. Returns when nothing of the run is left. Does nothing when the host is off.
 */
export async function crashHost(plan: LabPlan, host: HostPlan): Promise<void> {
  if (!(await isRunning(plan, host))) return;
  await silence(host);
  await Promise.all([
    powerCut(await cgroupOf(host), dirname(host.dir)),
    ...baysOf(plan, host).map((bay) => crashHost(plan, bay)),
  ]);
  await confirmOff(host);
}

/**
 * Nothing leaves a host without power, while the kernel says farewell (FIN, RST) for processes that are killed:
 * drop that. The next boot flushes the rule.
 */
async function silence(host: HostPlan): Promise<void> {
  await runOk(["nsenter", `--net=/run/netns/${host.namespace}`, "--", "nft", "-f", "-"], {
    input: `table inet powercut {
  chain out { type filter hook output priority -400; policy drop; }
  chain through { type filter hook forward priority -400; policy drop; }
}
`,
  });
}

async function confirmOff(host: HostPlan): Promise<void> {
  const cgroup = await cgroupOf(host);
  await killCgroup(cgroup);
  if (!(await cgroupIsEmpty(cgroup, 15_000)) || !(await loopsAreFree(diskImage(host), 15_000))) {
    throw new UserError("E_LAB_SHUTDOWN", `processes of ${host.name} do not end although they were killed`, {
      likely: "they wait inside the kernel",
      mend: `look what for: cat ${cgroup}/cgroup.procs, then /proc/PID/stack`,
    });
  }
  await removeCgroups((name) => name === host.namespace);
  await rm(join("/run/systemd/nspawn/propagate", host.namespace), { recursive: true, force: true });
}
