import { UserError } from "../errors.ts";
import { isNodeName } from "../proxmox/version.ts";

/** The names of a testbed's nodes. Throws E_TESTBED_NAME unless each can be a host name and a node's name. */
export function nodeNames(prefix: string, count: number): string[] {
  const names = Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
  for (const name of names) {
    if (!isNodeName(name) || name.length > 63) {
      throw badName(name, "a host name", "letters, digits and hyphens, not at an end; at most 63");
    }
    // /etc/hostname and the tailnet know only small letters: two spellings would be two names.
    if (name !== name.toLowerCase()) throw badName(name, "a host name here", "small letters only");
  }
  return names;
}

/** Throws E_TESTBED_NAME unless Proxmox takes it as the name of a snapshot (`pve-configid`, at most 40). */
export function assertSnapshotName(name: string): string {
  if (/^[a-zA-Z][a-zA-Z0-9_-]{1,39}$/.test(name) && name !== "current" && name !== "pending") return name;
  throw badName(name, "the name of a snapshot", "a letter, then letters, digits, - and _; at most 40");
}

function badName(name: string, what: string, rule: string): UserError {
  return new UserError("E_TESTBED_NAME", `"${name}" cannot be ${what}`, {
    likely: rule,
    mend: "choose another name; nothing was changed",
  });
}
