import { UserError } from "../errors.ts";
import { APPLY_UNIT } from "../host/apply-unit.ts";
import type { Argv, Writer } from "../host/host.ts";
import { type Armed, writeArmed } from "./armed.ts";
import { makeCopies } from "./copies.ts";
import { BACKUPS, BOOT_TIMER, GUARD_DIR, GUARD_TIMER, REPORT_FILE, UNIT_DIR } from "./places.ts";
import { AFTER_TIMEOUT_S, guardUnits } from "./units.ts";

export interface GuardSpec {
  readonly node: string;
  readonly cluster: string;
  /** The systemd unit that pvecm will run in. */
  readonly unit: string;
  readonly joinTimeoutMs: number;
  /** The running program: its file, and the script where an interpreter runs it. */
  readonly program: readonly [string, ...string[]];
}

/**
 * Before a join: copies what it replaces, and has systemd put this host back later unless it is a quorate
 * member by then. Nothing of that needs the network, this process or the program's present place. Throws
 * E_GUARD.
 */
export async function armGuard(writer: Writer, spec: GuardSpec, now = new Date()): Promise<Armed> {
  const folder = `${BACKUPS}/join-${now.toISOString().replace(/[:.]/g, "-")}`;
  const copies = await makeCopies(writer, folder);
  const joinTimeoutS = Math.ceil(spec.joinTimeoutMs / 1000);
  await writer.remove(REPORT_FILE);
  const units = guardUnits(await keepProgram(writer, spec.program), joinTimeoutS);
  for (const [name, text] of units) await writer.write(`${UNIT_DIR}/${name}`, text, 0o644);
  const armed: Armed = {
    node: spec.node,
    cluster: spec.cluster,
    unit: spec.unit,
    applyUnit: APPLY_UNIT,
    copies: folder,
    ...copies,
    armedAt: now.toISOString(),
    firesAt: new Date(now.getTime() + (joinTimeoutS + AFTER_TIMEOUT_S) * 1000).toISOString(),
  };
  await writeArmed(writer, armed);
  await must(writer, ["systemctl", "daemon-reload"]);
  await must(writer, ["systemctl", "enable", BOOT_TIMER]);
  await must(writer, ["systemctl", "restart", GUARD_TIMER]);
  // A power cut one moment later must find all of it, the link that `enable` made included.
  await must(writer, ["sync", "--file-system", GUARD_DIR, UNIT_DIR]);
  return armed;
}

/** A copy of its own: the file that was started may be on a stick, or go with an upgrade. */
async function keepProgram(writer: Writer, [file, ...script]: GuardSpec["program"]): Promise<string[]> {
  const copy = `${GUARD_DIR}/tailmox`;
  await must(writer, ["install", "-D", "-m", "0700", file, copy]);
  return [copy, ...script];
}

async function must(writer: Writer, argv: Argv): Promise<void> {
  const result = await writer.run(argv, { timeoutMs: 60_000 });
  if (result.exitCode === 0) return;
  throw new UserError("E_GUARD", `${argv.join(" ")} failed; the join was not begun`, {
    likely: result.stderr.trim().split("\n").slice(-3).join("\n") || "it gave no reason",
    mend: "systemctl status; df -h /var/lib; then run tailmox up again",
  });
}
