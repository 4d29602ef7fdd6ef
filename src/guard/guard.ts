import type { Host, Writer } from "../host/host.ts";
import { removeUnitFiles } from "../host/unit.ts";
import { type Armed, type GuardReport, readArmed } from "./armed.ts";
import { disarmGuard } from "./disarm.ts";
import { finishJoin, isQuorateMember } from "./finish.ts";
import { REPORT_FILE } from "./places.ts";
import { endUnits, restoreHost } from "./restore.ts";
import { isUntouched } from "./untouched.ts";

/**
 * The work of the guard's service: leaves a quorate member as it is, and a host that the join had not touched; puts any other back, writes what it
 * did, and goes away. undefined when no guard is armed. Throws E_GUARD, still armed, when it could not; systemd
 * starts it again.
 */
export async function runGuard(host: Host): Promise<GuardReport | undefined> {
  const armed = await readArmed(host);
  if (!armed) return undefined;
  const change = { what: `the guard of the join to "${armed.cluster}"`, undo: "tailmox up" };
  return host.change(change, async (writer) => {
    const done = await keepOrRestore(writer, armed).catch(async (error: unknown) => {
      await report(writer, armed, { outcome: "failed", files: 0, differing: [], trouble: String(error) });
      throw error;
    });
    await removeUnitFiles(writer, armed.unit);
    const written = await report(writer, armed, done);
    await disarmGuard(writer);
    return written;
  });
}

type Done = Pick<GuardReport, "outcome" | "files" | "differing" | "trouble">;

async function keepOrRestore(writer: Writer, armed: Armed): Promise<Done> {
  if (await isQuorateMember(writer)) {
    // The run that joined may still look whether all holds.
    await endUnits(writer, [armed.unit]);
    await finishJoin(writer, armed);
    return { outcome: "kept", files: 0, differing: [] };
  }
  await endUnits(writer, [...(armed.applyUnit === undefined ? [] : [armed.applyUnit]), armed.unit]);
  if (await isUntouched(writer, armed)) return { outcome: "untouched", files: 0, differing: [] };
  return { outcome: "restored", ...(await restoreHost(writer, armed)) };
}

async function report(writer: Writer, { node, cluster, copies }: Armed, done: Done): Promise<GuardReport> {
  const text: GuardReport = { node, cluster, copies, at: new Date().toISOString(), ...done };
  await writer.write(REPORT_FILE, `${JSON.stringify(text, null, 1)}\n`, 0o600);
  return text;
}
