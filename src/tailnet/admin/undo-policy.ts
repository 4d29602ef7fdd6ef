import { UserError } from "../../errors.ts";
import type { Host } from "../../host/host.ts";
import type { ControlPlane } from "../api/control-plane.ts";
import { type PolicyTalk, raced, write } from "./apply-policy.ts";
import { digestOf, type PolicyBackup, policyBackups } from "./policy-backups.ts";

export interface UndoOutcome {
  readonly kind: "written" | "dry run" | "not agreed";
  /** The file that the text came from. */
  readonly backup: string;
}

/**
 * Gives the tailnet the policy back that it had before `policy apply`, to the byte. Refuses when somebody edited
 * it since: their work would be lost. Throws E_POLICY_NO_BACKUP, E_POLICY_CHANGED, E_POLICY_RACE, E_API_*.
 */
export async function undoPolicy(
  plane: ControlPlane,
  host: Host,
  options: { readonly backupDir: string; readonly dryRun: boolean },
  talk: PolicyTalk,
): Promise<UndoOutcome> {
  const backups = await policyBackups(host, options.backupDir, plane.url);
  for (let attempt = 1; attempt <= 3; attempt++) {
    const stored = await plane.policy();
    const backup = backups.find(({ after }) => after === digestOf(stored.text));
    if (!backup) throw nothingToUndo(backups, options.backupDir, plane.url);
    const old = await host.text(backup.path);
    if (old === undefined) throw nothingToUndo([], options.backupDir, plane.url);
    talk.diff(stored.text, old, []);
    await plane.validatePolicy(old);
    if (options.dryRun) return { kind: "dry run", backup: backup.path };
    if (!(await talk.agreed())) return { kind: "not agreed", backup: backup.path };
    if (await write(plane, host, old, stored, async () => undefined)) {
      return { kind: "written", backup: backup.path };
    }
    talk.note("Somebody else changed the policy meanwhile: once more from the start.");
  }
  throw raced();
}

function nothingToUndo(backups: readonly PolicyBackup[], dir: string, url: string): UserError {
  const [newest] = backups;
  if (newest) {
    return new UserError("E_POLICY_CHANGED", "the policy is not as `policy apply` left it", {
      likely: "somebody edited it since, or it was undone already",
      mend: `nothing was written; the old text is in ${newest.path}`,
    });
  }
  return new UserError("E_POLICY_NO_BACKUP", `no policy of ${url} is kept in ${dir}`, {
    likely: "tailmox policy apply was run on another machine, or with another --backup-dir",
    mend: "--backup-dir DIR",
  });
}
