import { z } from "zod";
import { UserError } from "../errors.ts";
import { parseSections } from "./corosync-conf.ts";
import { type TotemSettings, totemSettings } from "./totem.ts";

/** The keys of corosync.conf, which may also stand under `totem` or `result.totem` (what `tune --json` prints). */
const jsonSettings = z.union([
  z.object({ result: z.object({ totem: z.unknown() }) }).transform(({ result }) => result.totem),
  z.object({ totem: z.unknown() }).transform(({ totem }) => totem),
  z.record(z.string(), z.unknown()),
]);

/**
 * Totem settings from a file: a corosync.conf, or JSON with its keys. Keys that are missing have corosync's defaults.
 * @throws UserError E_SETTINGS where it is neither, holds an impossible value, or describes more than one link.
 */
export function parseSettingsFile(text: string, file: string): TotemSettings {
  const raw = text.trimStart().startsWith("{") ? fromJson(text, file) : fromCorosyncConf(text, file);
  const read = totemSettings.safeParse(raw);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw badSettings(file, `${issue?.path.join(".") ?? "it"}: ${issue?.message ?? "not understood"}`);
}

function fromJson(text: string, file: string): unknown {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw badSettings(
      file,
      `it does not parse as JSON (${error instanceof Error ? error.message : "unknown"})`,
    );
  }
  const settings = jsonSettings.catch({}).parse(raw);
  const known = Object.keys(totemSettings.shape);
  const given = Object.keys(z.record(z.string(), z.unknown()).catch({}).parse(settings));
  if (given.some((key) => known.includes(key))) return settings;
  throw badSettings(file, "none of the keys of totem is in it");
}

/** As Proxmox 8 writes it, with none of the keys, it means corosync's defaults. */
function fromCorosyncConf(text: string, file: string): unknown {
  const root = parseSections(text);
  if (root === undefined) throw badSettings(file, "a brace is missing in it");
  const totem = root.sections.find(({ name }) => name === "totem");
  if (totem === undefined) throw badSettings(file, "it has no totem section, so it is no corosync.conf");
  const links = totem.sections.filter(({ name }) => name === "interface");
  const nodes = root.sections.find(({ name }) => name === "nodelist")?.sections ?? [];
  const addresses = nodes.flatMap(({ keys }) =>
    [...keys.keys()].filter((key) => /^ring[1-7]_addr$/.test(key)),
  );
  if (links.length > 1 || addresses.length > 0) {
    throw badSettings(file, "it has more than one link, which the forecast does not model");
  }
  const numbers = [...totem.keys, ...(links[0]?.keys ?? [])]
    .filter(([key]) => key in totemSettings.shape)
    .map(([key, value]) => [key, Number(value)]);
  return Object.fromEntries(numbers);
}

function badSettings(file: string, what: string): UserError {
  return new UserError("E_SETTINGS", `${file} gives no totem settings: ${what}.`, {
    likely: "another file was meant, or it was edited by hand",
    mend: "give pve-8, pve-9, tuned, a corosync.conf, or JSON with its keys (docs/forecast.md)",
  });
}
