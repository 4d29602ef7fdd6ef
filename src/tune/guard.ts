import { UserError } from "../errors.ts";
import type { Host, Reader, Writer } from "../host/host.ts";
import { GUARD_UNIT, type GuardSpec, guardFolder, guardScript, guardUnit } from "./guard-script.ts";

/** The three texts of corosync.conf that a guard tells apart. */
export interface GuardTexts {
  readonly old: string;
  readonly new: string;
  /** The old settings with a higher config_version than the new ones. */
  readonly back: string;
}

const UNIT_PATH = `/etc/systemd/system/${GUARD_UNIT}`;

/** Starts the guard on one member, for this boot and the next ones. Throws E_TUNE_GUARD. */
export async function armGuard(host: Host, spec: GuardSpec, texts: GuardTexts): Promise<void> {
  const undo = `systemctl disable --now ${GUARD_UNIT}; rm ${UNIT_PATH}`;
  await host.change({ what: `arm the guard of tune ${spec.id}`, undo }, async (writer) => {
    const folder = guardFolder(spec);
    // At once: over ssh each takes some round trips.
    await Promise.all([
      writer.write(`${folder}/old.conf`, texts.old, 0o600),
      writer.write(`${folder}/new.conf`, texts.new, 0o600),
      writer.write(`${folder}/back.conf`, texts.back, 0o600),
      writer.write(`${folder}/id`, `${spec.id}\n`, 0o600),
      writer.write(`${folder}/guard.sh`, guardScript(spec), 0o700),
      writer.write(UNIT_PATH, guardUnit(spec), 0o644),
    ]);
    await orFail(writer, ["systemctl", "daemon-reload"]);
    await orFail(writer, ["systemctl", "enable", "--quiet", "--now", GUARD_UNIT]);
    // A guard that a power cut forgets is none.
    await orFail(writer, ["sync", "--file-system", folder, UNIT_PATH]);
  });
  if (!(await isGuarded(host))) throw guardFailed(host.name, "its unit does not run");
}

/** Takes the guard away: only for a change that was never made. */
export async function disarmGuard(host: Host): Promise<void> {
  await host.change({ what: "take the guard away", undo: "tailmox tune" }, async (writer) => {
    await writer.run(["systemctl", "disable", "--quiet", "--now", GUARD_UNIT], { timeoutMs: 30_000 });
    await writer.remove(UNIT_PATH);
    await writer.run(["systemctl", "daemon-reload"], { timeoutMs: 30_000 });
  });
}

/** Whether a guard, of whichever tuning, watches this host now. */
export async function isGuarded(reader: Reader): Promise<boolean> {
  const { stdout } = await reader.run(["systemctl", "is-active", GUARD_UNIT], { timeoutMs: 10_000 });
  return stdout.trim() === "active";
}

async function orFail(writer: Writer, argv: readonly [string, ...string[]]): Promise<void> {
  const { exitCode, stderr } = await writer.run(argv, { timeoutMs: 30_000 });
  if (exitCode !== 0) throw guardFailed(writer.name, `${argv.join(" ")}: ${stderr.trim()}`);
}

function guardFailed(name: string, likely: string): UserError {
  return new UserError(
    "E_TUNE_GUARD",
    `the guard that would take settings back could not be started on ${name}`,
    {
      likely,
      mend: `ssh root@${name}; systemctl status ${GUARD_UNIT}. corosync.conf was not changed`,
    },
  );
}
