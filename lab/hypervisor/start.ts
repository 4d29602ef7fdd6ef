import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import type { LabPlan } from "../plan.ts";
import { daemonLog, daemonPid, startDaemon } from "../processes.ts";
import { hypervisorHosts, socketDir } from "./bays.ts";

const DAEMON = "hypervisor";

/**
 * Starts the program that lets hosts run others as their VMs; nothing where no host has bays. The hosts must be off:
 * they get its socket when they boot. Throws E_LAB_BOOT with what it printed.
 */
export async function startHypervisor(plan: LabPlan): Promise<void> {
  const sockets = hypervisorHosts(plan).map((host) => socketDir(plan, host));
  if (sockets.length === 0) return;
  for (const dir of sockets) await mkdir(dir, { recursive: true, mode: 0o700 });
  await startDaemon(plan, DAEMON, [process.execPath, join(import.meta.dir, "service.ts"), plan.name]);
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await Bun.sleep(20)) {
    if (sockets.every((dir) => existsSync(join(dir, "socket")))) return;
    if ((await daemonPid(plan, DAEMON)) === undefined) break;
  }
  const log = await readFile(daemonLog(plan, DAEMON), "utf8").catch(() => "");
  throw new UserError("E_LAB_BOOT", `the hypervisor of the lab "${plan.name}" does not start`, {
    likely: log.trim().split("\n").slice(-4).join("\n") || "it printed nothing",
    mend: `its log: ${daemonLog(plan, DAEMON)}`,
  });
}
