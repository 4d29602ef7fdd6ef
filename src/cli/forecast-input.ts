import { readFile } from "node:fs/promises";
import { z } from "zod";
import { parseLatencyMatrix } from "../cluster/latency-matrix.ts";
import { badMatrix } from "../cluster/matrix-error.ts";
import { fullMesh, type Mesh, without } from "../cluster/mesh.ts";
import { parseSettingsFile } from "../cluster/settings-file.ts";
import { PROXMOX_DEFAULTS } from "../cluster/totem.ts";
import { tunedSettings } from "../cluster/tuned.ts";
import type { SettingsFor } from "../cluster/weakest.ts";
import { UserError } from "../errors.ts";

/** Flags that forecast, ring and tune have in common. */
export const matrixFlags = z.object({
  matrix: z.string().optional(),
  without: z.array(z.string()).default([]),
  json: z.boolean().default(false),
});

export const seedFlag = z.coerce.number().int().min(0).max(0xffff_ffff);

/**
 * The full mesh that the flags name.
 * @throws UserError E_NEEDS_MATRIX without --matrix, E_MATRIX and its kin.
 */
export async function readMesh(flags: z.output<typeof matrixFlags>, command: string): Promise<Mesh> {
  if (flags.matrix === undefined) {
    throw new UserError(
      "E_NEEDS_MATRIX",
      `tailmox ${command} needs --matrix FILE in this version: it does not measure, and does not ask a living cluster.`,
      {
        likely: "the matrix was to be measured by the command itself",
        mend: `write the RTTs between your hosts to a file (docs/forecast.md), then tailmox ${command} --matrix FILE`,
      },
    );
  }
  const { matrix: file } = flags;
  const text = await readText(file, (why) => badMatrix(file, why));
  return fullMesh(without(parseLatencyMatrix(text, file), flags.without));
}

/** The settings that `--settings` names; `tuned` follows from the mesh. */
export async function chooseSettings(which: string): Promise<SettingsFor> {
  if (which === "tuned") return (mesh, order) => tunedSettings(mesh, order).settings;
  if (which === "pve-8" || which === "pve-9") return () => PROXMOX_DEFAULTS[which];
  if (which === "current") {
    throw new UserError(
      "E_NEEDS_MATRIX",
      "--settings current needs a living cluster, which this version does not ask.",
      {
        likely: "the settings in force were to be read by the command itself",
        mend: "give the file that holds them: --settings /etc/corosync/corosync.conf",
      },
    );
  }
  const text = await readText(which, (why) => badSettingsFile(which, why));
  const settings = parseSettingsFile(text, which);
  return () => settings;
}

/**
 * Proxmox VE 9 is Debian 13, whose libknet (1.31) brings a link up faster. The others may run Debian 12's 1.25, and of
 * a file or of tuned settings nobody knows: for these the slower one is assumed, which breaks up to twice as often.
 */
export function hasFastDataUp(settings: string): boolean {
  return settings === "pve-9";
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
    mend: "give pve-8, pve-9, tuned, or the path of a corosync.conf",
  });
}
