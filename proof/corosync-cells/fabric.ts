import { createFabric } from "../../lab/fabric/create.ts";
import type { Way } from "../../lab/fabric/relay/protocol.ts";
import { directionOf } from "../../lab/fabric/relay/settings.ts";
import { askRelay } from "../../lab/fabric/relay-client.ts";
import { startRelay } from "../../lab/fabric/relay-control.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { daemonPid } from "../../lab/processes.ts";
import { scenario } from "../../lab/scenario.ts";
import { saveLab } from "../../lab/store.ts";
import { runOk } from "../../src/host/run.ts";
import { type Cell, waysWithin } from "./cell.ts";

/** A cell with its hosts' places in the lab. */
export interface PlacedCell extends Cell {
  readonly ports: readonly HostPlan[];
}

/** Ports of one lab, the control server's and the internet's left out (lab/plan.ts: VNIs 2..250). */
export const MOST_HOSTS_AT_ONCE = 240;

/** One lab, networks and relay only, that holds all cells; `takeDown(plan)` ends it. Throws what createFabric throws. */
export async function fabricOf<Kind extends Cell>(
  name: string,
  cells: readonly Kind[],
): Promise<{ plan: LabPlan; cells: (Kind & PlacedCell)[] }> {
  const whole = planLab(
    name,
    scenario.parse({
      name: "cells",
      summary: "networks only: one site for each cluster of bare corosync processes",
      tailnet: "none",
      sites: cells.map(({ name: site }) => ({ name: site })),
      hosts: cells.flatMap(({ name: site, hosts, release }) =>
        Array.from({ length: hosts }, (_, place) => ({ name: `${site}-${place + 1}`, site, release })),
      ),
    }),
  );
  // Between cells nothing passes: the relay need not know those ways.
  const plan = { ...whole, links: [] };
  const placed = cells.map((cell) => ({
    ...cell,
    ports: plan.hosts.filter(({ site }) => site === cell.name),
  }));
  await saveLab(plan);
  await createFabric(plan);
  await startRelay(plan);
  await putBeforeCorosync(plan);
  await setDistances(plan, placed);
  return { plan, cells: placed };
}

/** The wire must not wait for the hosts: corosync runs at the highest real-time priority, and many do here. */
async function putBeforeCorosync(plan: LabPlan): Promise<void> {
  const pid = await daemonPid(plan, "relay");
  await runOk(["chrt", "--rr", "--all-tasks", "--pid", "99", `${pid ?? ""}`]);
}

/** All ways within the cells as the cells ask; uncut. */
export async function setDistances(plan: LabPlan, cells: readonly PlacedCell[]): Promise<void> {
  const directions = cells.flatMap((cell) =>
    [...waysWithin(cell)].map(({ from, to }) => ({
      ...wayOf(cell, from, to),
      settings: {
        ...directionOf({ rttMs: 2 * cell.oneWayMs(from, to) }),
        loss: cell.loss ?? 0,
      },
    })),
  );
  await askRelay(plan, { do: "reset", directions });
}

/** The loss of every way to and from a host, or of all ways of the cell; 1 is an outage. */
export async function setLoss(plan: LabPlan, cell: PlacedCell, loss: number, place?: number): Promise<void> {
  const ways = [...waysWithin(cell)]
    .filter(({ from, to }) => place === undefined || from === place || to === place)
    .map(({ from, to }) => wayOf(cell, from, to));
  await askRelay(plan, { do: "change", ways, change: { loss } });
}

/** The loss of the ways between two hosts. */
export async function setPairLoss(
  plan: LabPlan,
  cell: PlacedCell,
  [a, b]: readonly [number, number],
  loss: number,
): Promise<void> {
  await askRelay(plan, { do: "change", ways: [wayOf(cell, a, b), wayOf(cell, b, a)], change: { loss } });
}

/** The relay's name for a way. */
function wayOf(cell: PlacedCell, from: number, to: number): Way {
  return { from: portAt(cell, from).vni, to: portAt(cell, to).vni };
}

export function portAt(cell: PlacedCell, place: number): { vni: number; address: string; host: HostPlan } {
  const host = cell.ports[place];
  if (host?.wan === undefined) throw new RangeError(`${cell.name} has no host ${place}`);
  return { vni: host.wan.vni, address: host.wan.address, host };
}
