import { parameterError } from "../errors.ts";
import type { Params } from "../params/verify.ts";
import { withSomeMac } from "./identity.ts";
import type { Section } from "./vm-config.ts";

/** Parameters of a call that are no lines of a configuration. */
const NO_VALUES = new Set([
  ...["node", "vmid", "archive", "background_delay", "bwlimit", "delete", "digest", "force", "ha-managed"],
  ...["import-working-storage", "live-restore", "pool", "revert", "skiplock", "start", "storage", "unique"],
]);

/** The configuration's lines among the parameters of a call, in the form in which they are stored. */
export function valuesOf(params: Params): Section {
  const entries = Object.entries(params).flatMap(([key, value]): [string, string][] =>
    NO_VALUES.has(key) || value === undefined ? [] : [[key, stored(key, String(value))]],
  );
  return Object.fromEntries(entries);
}

function stored(key: string, value: string): string {
  if (/^net\d+$/.test(key)) return withSomeMac(value);
  return key === "tags" ? storedTags(value) : value;
}

/** Tags in lower case, sorted, joined with `;` (proxmox.md 11). */
function storedTags(text: string): string {
  const tags = text
    .split(/[;,\s]+/)
    .filter(Boolean)
    .map((tag) => tag.toLowerCase());
  if (tags.every((tag) => /^[a-z0-9_][a-z0-9_+.-]*$/.test(tag))) return [...new Set(tags)].sort().join(";");
  throw parameterError({ tags: "invalid format - invalid characters in tag" });
}
