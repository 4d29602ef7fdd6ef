import { PROXMOX_DEFAULTS, type TotemSettings } from "../../src/cluster/totem.ts";
import { tunedSettings } from "../../src/cluster/tuned.ts";
import type { Cell } from "../corosync-cells/cell.ts";
import { evenMesh } from "./even-mesh.ts";

/** What is compared: Proxmox's defaults, each with the corosync that its release ships, and tailmox's settings. */
export const SETTINGS = ["pve-8", "pve-9", "tuned"] as const;
export type SettingsName = (typeof SETTINGS)[number];

/** A cell of hosts at one distance from each other, and what it is about. */
export interface EvenCell extends Cell {
  readonly settings: SettingsName;
  readonly rttMs: number;
}

/** What of such a cell is kept with its figures. */
export type EvenShape = Pick<EvenCell, "settings" | "release" | "hosts" | "rttMs">;

export function shapeOf({ settings, release, hosts, rttMs }: EvenShape): EvenShape {
  return { settings, release, hosts, rttMs };
}

/** Tuned settings must hold with either corosync: near hosts have trixie's, far ones bookworm's. */
export function evenCell(name: string, { settings, rttMs, hosts }: Omit<EvenShape, "release">): EvenCell {
  const release = settings === "pve-8" || (settings === "tuned" && rttMs > 100) ? "pve8" : "pve9";
  return {
    name,
    settings,
    rttMs,
    hosts,
    release,
    totem: settingsOf(settings, hosts, rttMs),
    oneWayMs: () => rttMs / 2,
  };
}

/** The settings of that name for hosts at one distance from each other. */
export function settingsOf(name: SettingsName, hosts: number, rttMs: number): TotemSettings {
  if (name !== "tuned") return PROXMOX_DEFAULTS[name];
  const mesh = evenMesh(hosts, rttMs, 0.01);
  return tunedSettings(mesh, [...mesh.hosts.keys()]).settings;
}

/** bookworm has libknet 1.25, trixie 1.31: from 1.27 on data brings a link up (corosync.md 5.1). */
export function fastDataUp({ release }: Pick<Cell, "release">): boolean {
  return release === "pve9";
}
