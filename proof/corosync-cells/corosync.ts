import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureImage } from "../../lab/images/image.ts";
import type { LabPlan } from "../../lab/plan.ts";
import { daemonLog, daemonPid, startDaemon } from "../../lab/processes.ts";
import { type Cmap, parseCmap } from "../../src/corosync/cmap.ts";
import { runOk } from "../../src/host/run.ts";
import { corosyncConf } from "./conf.ts";
import { type PlacedCell, portAt } from "./fabric.ts";
import { cellsProgram } from "./program.ts";

/** Writes the files of a cell's hosts and starts all its corosync processes. Their logs begin anew. */
export async function startCell(plan: LabPlan, cell: PlacedCell): Promise<void> {
  const key = randomBytes(256);
  await Promise.all(
    cell.ports.map(async (_, place) => {
      const { dir, name } = portAt(cell, place).host;
      await rm(dir, { recursive: true, force: true });
      await rm(daemonLog(plan, name), { force: true });
      await mkdir(join(dir, "etc"), { recursive: true });
      await mkdir(join(dir, "state"), { recursive: true });
      await writeFile(join(dir, "etc/corosync.conf"), corosyncConf(cell));
      await writeFile(join(dir, "etc/authkey"), key, { mode: 0o400 });
    }),
  );
  await Promise.all(cell.ports.map((_, place) => startHost(plan, cell, place)));
}

/** Starts one corosync, with the files that it has. */
export async function startHost(plan: LabPlan, cell: PlacedCell, place: number): Promise<void> {
  const { host } = portAt(cell, place);
  const lowers = await ensureImage(cell.release);
  const root = lowers.at(-1) ?? lowers[0];
  await startDaemon(plan, host.name, [await cellsProgram(), "run", root, host.dir, host.name], {
    namespace: host.namespace,
  });
}

/** SIGKILL is a power cut, SIGTERM a clean stop. Gives the moment, ms since 1970. */
export async function signalHost(
  plan: LabPlan,
  cell: PlacedCell,
  place: number,
  signal: "SIGKILL" | "SIGTERM",
): Promise<number> {
  const pid = await pidOf(plan, cell, place);
  const now = performance.timeOrigin + performance.now();
  process.kill(pid, signal);
  return now;
}

/** What corosync has counted so far: `corosync-cmapctl -m stats`. */
export async function statsOf(plan: LabPlan, cell: PlacedCell, place: number): Promise<Cmap> {
  return parseCmap(await inHost(plan, cell, place, ["corosync-cmapctl", "-m", "stats"]));
}

/** Runs a program of the cell's Debian beside a corosync. */
export async function inHost(
  plan: LabPlan,
  cell: PlacedCell,
  place: number,
  argv: readonly string[],
): Promise<string> {
  const pid = await pidOf(plan, cell, place);
  return runOk(["nsenter", `--target=${pid}`, "--mount", "--net", "--root", "--wd", "--", ...argv]);
}

/** The log of one corosync. */
export async function logOf(plan: LabPlan, cell: PlacedCell, place: number): Promise<string> {
  return readFile(daemonLog(plan, portAt(cell, place).host.name), "utf8").catch(() => "");
}

async function pidOf(plan: LabPlan, cell: PlacedCell, place: number): Promise<number> {
  const { name } = portAt(cell, place).host;
  const pid = await daemonPid(plan, name);
  if (pid === undefined) throw new Error(`the corosync of ${name} does not run`);
  return pid;
}
