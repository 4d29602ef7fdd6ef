import type { KnetStats } from "../corosync/cmap.ts";
import { closedGate } from "../host/gate.ts";
import type { Host } from "../host/host.ts";
import { noJournal } from "../host/journal.ts";
import { type RttFigures, rttFigures } from "./figures.ts";
import { gentlePace } from "./pace.ts";
import { type HostSights, probeFrom, wakePaths } from "./probe-host.ts";
import { reachHost } from "./reach-host.ts";
import type { Roster, RosterHost } from "./roster.ts";

/** One direction as its own host saw it; times in ms. */
export interface MeasuredLink {
  readonly from: string;
  readonly to: string;
  readonly sent: number;
  readonly lost: number;
  /** Undefined: no echo came back. */
  readonly rttMs: RttFigures | undefined;
  readonly mtu: number | undefined;
  readonly path: string | undefined;
  /** What corosync on `from` says of this link. */
  readonly knet: KnetStats | undefined;
}

export interface Measurement {
  readonly scope: Roster["scope"];
  /** How long echoes were sent, ms. */
  readonly durationMs: number;
  readonly hosts: readonly (Omit<RosterHost, "here"> & {
    /** Undefined: it measured. Otherwise why its row is unknown. */
    readonly unknown: string | undefined;
    readonly libknet: string | undefined;
  })[];
  /** Of hosts that could be asked, in the order of the hosts. */
  readonly links: readonly MeasuredLink[];
}

/**
 * Every host that can be reached probes every other one, all at once. Takes `durationMs` and 2 to 4 s; up to 20 s more
 * where paths are asleep or hosts do not answer. Changes nothing.
 */
export async function measure(
  here: Host,
  { scope, hosts }: Roster,
  durationMs: number,
  told?: (done: string) => void,
): Promise<Measurement> {
  const away = hosts.filter((host) => !host.here).map(({ address }) => address);
  await wakePaths(here, away);
  const pace = gentlePace(hosts.length, durationMs);
  const rows = await Promise.all(
    hosts.map(async (host): Promise<HostSights | string> => {
      const others = hosts.filter((other) => other !== host).map(({ address }) => address);
      const reached = await reachHost(here, host, { gate: closedGate, journal: noJournal });
      if (reached.kind === "not reached") return reached.why;
      const sights = await probeFrom(reached.host, others, pace);
      told?.(host.name);
      return sights;
    }),
  );
  return {
    scope,
    durationMs: pace.count * pace.intervalMs,
    hosts: hosts.map(({ name, nodeid, address }, place) => {
      const row = rows[place];
      const asked = typeof row === "object" ? row : undefined;
      const unknown = typeof row === "string" ? row : undefined;
      return { name, nodeid, address, unknown, libknet: asked?.libknet };
    }),
    links: hosts.flatMap((from, place) => {
      const row = rows[place];
      if (typeof row !== "object") return [];
      return hosts.filter((to) => to !== from).map((to) => linkOf(from, to, row));
    }),
  };
}

function linkOf(from: RosterHost, to: RosterHost, { byAddress, knet }: HostSights): MeasuredLink {
  const sight = byAddress.get(to.address);
  const rttMs = sight?.rttMs ?? [];
  const sent = sight?.sent ?? 0;
  return {
    from: from.name,
    to: to.name,
    sent,
    lost: Math.max(0, sent - rttMs.length),
    rttMs: rttFigures(rttMs),
    mtu: sight?.mtu,
    path: sight?.path,
    knet: to.nodeid === undefined ? undefined : knet.get(to.nodeid),
  };
}
