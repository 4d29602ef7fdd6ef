import type { TotemSettings } from "../../src/cluster/totem.ts";

/** A cluster of bare corosync processes, each in a network namespace of its own. */
export interface Cell {
  /** Letters and digits. */
  readonly name: string;
  readonly hosts: number;
  /** Which Debian's corosync: pve8 is bookworm's (libknet 1.25), pve9 trixie's (1.31). */
  readonly release: "pve8" | "pve9";
  readonly totem: TotemSettings;
  /** By place; 1, 2, 3, ... where left out. */
  readonly nodeids?: readonly number[];
  /** Of every pair, or of one direction of it; ms. */
  readonly oneWayMs: (from: number, to: number) => number;
  /** Of every direction. */
  readonly loss?: number;
}

/** Every two hosts of a cell by their places, both ways. */
export function* waysWithin({ hosts }: Pick<Cell, "hosts">): Generator<{ from: number; to: number }> {
  for (let from = 0; from < hosts; from++) {
    for (let to = 0; to < hosts; to++) if (from !== to) yield { from, to };
  }
}
