import { UserError } from "../../errors.ts";
import type { Host } from "../../host/host.ts";
import { type EditOptions, editPolicy } from "../../policy/edit.ts";
import type { ControlPlane, StoredPolicy } from "../api/control-plane.ts";
import { forgetPolicy, keepPolicy } from "./policy-backups.ts";

/** How a change of the policy is shown and agreed to. */
export interface PolicyTalk {
  /** Shows what would change; the texts are whole policies. */
  diff(before: string, after: string, added: readonly string[]): void;
  note(words: string): void;
  /** false ends it: nothing was changed. Throws E_NOT_AGREED where nobody can be asked. */
  agreed(): Promise<boolean>;
}

export interface ApplyOptions extends Omit<EditOptions, "dialect"> {
  readonly backupDir: string;
  readonly dryRun: boolean;
}

export type ApplyOutcome =
  | { readonly kind: "nothing to do" | "dry run" | "not agreed"; readonly added: readonly string[] }
  | { readonly kind: "written"; readonly added: readonly string[]; readonly backup: string };

/**
 * Puts what a cluster lacks into the tailnet's policy: read, edit as text, show, validate, ask, keep the old text,
 * write with the version that was read. A lost race starts from the beginning, at most three times. Throws
 * E_POLICY_*, E_API_*.
 */
export async function applyPolicy(
  plane: ControlPlane,
  host: Host,
  options: ApplyOptions,
  talk: PolicyTalk,
): Promise<ApplyOutcome> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const stored = await plane.policy();
    assertText(stored);
    const { text, added } = editPolicy(stored.text, { ...options, dialect: plane.kind });
    if (text === stored.text) return { kind: "nothing to do", added };
    await assertOurs(plane, stored.text);
    talk.diff(stored.text, text, added);
    await plane.validatePolicy(text);
    if (options.dryRun) return { kind: "dry run", added };
    if (!(await talk.agreed())) return { kind: "not agreed", added };
    const backup = await keepPolicy(host, options.backupDir, {
      url: plane.url,
      before: stored.text,
      after: text,
    });
    if (await write(plane, host, text, stored, () => forgetPolicy(host, backup))) {
      return { kind: "written", added, backup: backup.path };
    }
    talk.note("Somebody else changed the policy meanwhile: once more from the start.");
  }
  throw raced();
}

/** Writes a policy if it is still the one that was read. When it was not written `forget` runs. */
export async function write(
  plane: ControlPlane,
  host: Host,
  text: string,
  stored: StoredPolicy,
  forget: () => Promise<void>,
): Promise<boolean> {
  const change = { what: `write the policy of the tailnet at ${plane.url}`, undo: "tailmox policy undo" };
  try {
    const written = await host.change(change, () => plane.writePolicy(text, stored));
    if (!written) await forget();
    return written;
  } catch (error) {
    // Refused is not written. With a broken connection nobody knows: the backup stays.
    if (error instanceof UserError && error.code !== "E_API_UNREACHABLE") await forget();
    throw error;
  }
}

export function raced(): UserError {
  return new UserError("E_POLICY_RACE", "the policy was changed by somebody else three times in a row", {
    likely: "another administrator, or a program that writes the policy",
    mend: "nothing of ours was written; run it again later",
  });
}

async function assertOurs(plane: ControlPlane, text: string): Promise<void> {
  const objection = await plane.policyObjection(text);
  if (objection === undefined) return;
  throw new UserError("E_POLICY_EXTERNAL", "the tailnet's policy must not be written by API", {
    likely: objection,
    mend: "put the lines of `tailmox policy print` where the policy is kept",
  });
}

/** Bytes that are no UTF-8 could not be given back as they were. */
export function assertText({ text }: StoredPolicy): void {
  if (!text.includes("\uFFFD")) return;
  throw new UserError("E_POLICY_SYNTAX", "the policy has characters that are not UTF-8", {
    likely: "a comment that was pasted from a file in another encoding",
    mend: "correct them in the admin console, then again",
  });
}
