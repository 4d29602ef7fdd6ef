import { readFile } from "node:fs/promises";
import { z } from "zod";
import { parseLatencyMatrix } from "../cluster/latency-matrix.ts";
import { badMatrix } from "../cluster/matrix-error.ts";
import { fullMesh, without } from "../cluster/mesh.ts";
import { parseSettingsFile } from "../cluster/settings-file.ts";
import { PROXMOX_DEFAULTS, type TotemSettings } from "../cluster/totem.ts";
import { tunedSettings } from "../cluster/tuned.ts";
import type { SettingsFor } from "../cluster/weakest.ts";
import { UserError } from "../errors.ts";
import { livingMesh, type MeshInput } from "./living-mesh.ts";
import { lookFlags } from "./look.ts";
import { tagFlag } from "./tailnet-flags.ts";

/** Flags that forecast, ring and tune have in common. */
export const matrixFlags = lookFlags.extend({
  matrix: z.string().optional(),
  tag: tagFlag.default("tag:tailmox"),
  without: z.array(z.string()).default([]),
});

export const seedFlag = z.coerce.number().int().min(0).max(0xffff_ffff);

/**
 * The full mesh that the flags name, measured just now where they name no file.
 * @throws UserError E_MATRIX and its kin; E_NEEDS_MATRIX where there is nothing to measure.
 */
export async function readMesh(flags: z.output<typeof matrixFlags>, command: string): Promise<MeshInput> {
  const { matrix: file } = flags;
  if (file === undefined) return livingMesh(command, flags.without, flags);
  const text = await readText(file, (why) => badMatrix(file, why));
  return { mesh: fullMesh(without(parseLatencyMatrix(text, file), flags.without)) };
}

/** The settings that `--settings` names; `tuned` follows from the mesh. */
export async function chooseSettings(which: string): Promise<SettingsFor> {
  if (which === "tuned") return (mesh, order) => tunedSettings(mesh, order).settings;
  if (which === "pve-8" || which === "pve-9") return () => PROXMOX_DEFAULTS[which];
  if (which === "current") {
    const settings = await currentSettings();
    return () => settings;
  }
  const text = await readText(which, (why) => badSettingsFile(which, why));
  const settings = parseSettingsFile(text, which);
  return () => settings;
}

/** The settings of the cluster that this host is in: Proxmox's own copy, which corosync's follows. */
async function currentSettings(): Promise<TotemSettings> {
  for (const file of ["/etc/pve/corosync.conf", "/etc/corosync/corosync.conf"]) {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text !== undefined) return parseSettingsFile(text, file);
  }
  throw new UserError(
    "E_NEEDS_MATRIX",
    "--settings current: this host is in no cluster that could be asked.",
    {
      likely: "it was started on another machine, or not as root",
      mend: "run it as root on a member, or give the file that holds them: --settings FILE",
    },
  );
}

/**
 * Proxmox VE 9 is Debian 13, whose libknet (1.31) brings a link up faster. The others may run Debian 12's 1.25, and of
 * a file or of tuned settings nobody knows: for these the slower one is assumed, which breaks up to twice as often.
 */
export function hasFastDataUp(settings: string, living?: MeshInput["living"]): boolean {
  return living ? living.fastDataUp : settings === "pve-9";
}

async function readText(file: string, error: (why: string) => Error): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw error(`it cannot be read (${cause instanceof Error ? cause.message : "unknown"})`);
  }
}

function badSettingsFile(file: string, why: string): UserError {
  return new UserError("E_SETTINGS", `--settings ${file}: ${why}.`, {
    likely: "a slip of the pen",
    mend: "give current, pve-8, pve-9, tuned, or the path of a corosync.conf",
  });
}
