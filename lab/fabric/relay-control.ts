import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import type { LabPlan } from "../plan.ts";
import { daemonLog, daemonPid, startDaemon, stopDaemon } from "../processes.ts";
import type { LinkSettings } from "../scenario.ts";
import { relayNamespace } from "./namespaces.ts";
import { portOf } from "./ports.ts";
import type { DirectionReading, RelayReading, Way } from "./relay/protocol.ts";
import { directionChange, directionOf, type LinkChange } from "./relay/settings.ts";
import { askRelay, relaySocket } from "./relay-client.ts";

export interface OneWay {
  /** Only the direction from A to B. */
  readonly oneWay?: boolean;
}

/** What lies between two ports, by the scenario and now. */
export interface LinkReading {
  readonly a: string;
  readonly b: string;
  /** What the scenario asks. */
  readonly scenario: LinkSettings;
  /** What is asked of the relay now: both delays, jitter and queues aside. */
  readonly settings: { readonly rttMs: number };
  /** At least one direction is cut. */
  readonly cut: boolean;
  readonly forth: DirectionReading;
  readonly back: DirectionReading;
}

/** Starts (or starts again) the lab's internet, with the links that the scenario asks for. Throws E_LAB_RELAY. */
export async function startRelay(plan: LabPlan): Promise<void> {
  await stopRelay(plan);
  await rm(relaySocket(plan), { force: true });
  const argv = [process.execPath, join(import.meta.dir, "relay.ts"), relaySocket(plan)] as const;
  await startDaemon(plan, DAEMON, argv, { namespace: relayNamespace(plan) });
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      await heal(plan);
      return;
    } catch (error) {
      if (Date.now() > deadline || (await daemonPid(plan, DAEMON)) === undefined) {
        throw await notStarted(plan, error);
      }
    }
    await Bun.sleep(20);
  }
}

/** Ends the relay: from then on nothing passes. Does nothing when it does not run. */
export async function stopRelay(plan: LabPlan): Promise<void> {
  await stopDaemon(plan, DAEMON);
}

/**
 * Changes what is given of the link between two ports, live. `rttMs` is spent half in each direction; with
 * `oneWay` its half goes to the direction from A to B alone. null takes a setting away. Packets on their
 * way keep their old time, and later ones do not overtake them.
 */
export async function setLink(
  plan: LabPlan,
  a: string,
  b: string,
  change: LinkChange,
  options: OneWay = {},
): Promise<void> {
  await askRelay(plan, { do: "change", ways: waysOf(plan, a, b, options), change: directionChange(change) });
}

/** Lets nothing pass between two ports (or only from A to B), from this moment, packets on their way included. */
export async function cutPair(plan: LabPlan, a: string, b: string, options: OneWay = {}): Promise<void> {
  await askRelay(plan, { do: "cut", ways: waysOf(plan, a, b, options) });
}

/** Cuts a port off from all others, both ways. */
export async function cutRole(plan: LabPlan, role: string): Promise<void> {
  const own = portOf(plan, role).vni;
  const others = plan.ports.filter(({ vni }) => vni !== own);
  await askRelay(plan, { do: "cut", ways: others.flatMap(({ vni }) => bothWays(own, vni)) });
}

/** All links back to what the scenario asks, uncut; with A only its links, with A and B only theirs. */
export async function heal(plan: LabPlan, a?: string, b?: string): Promise<void> {
  const ends = [a, b].filter((role) => role !== undefined).map((role) => portOf(plan, role).role);
  const links = plan.links.filter((link) => ends.every((role) => link.a === role || link.b === role));
  const directions = links.flatMap((link) =>
    bothWays(portOf(plan, link.a).vni, portOf(plan, link.b).vni).map((way) => ({
      ...way,
      settings: directionOf(link.settings),
    })),
  );
  await askRelay(plan, { do: "reset", directions });
}

/** All links: as asked, as they are now, cut or not, and what became of their packets since the start. */
export async function readLinks(plan: LabPlan): Promise<LinkReading[]> {
  const { directions } = await askRelay(plan, { do: "read" });
  const find = (from: number, to: number) => directions.find((way) => way.from === from && way.to === to);
  return plan.links.flatMap(({ a, b, settings: scenario }) => {
    const [vniA, vniB] = [portOf(plan, a).vni, portOf(plan, b).vni];
    const forth = find(vniA, vniB);
    const back = find(vniB, vniA);
    if (!forth || !back) return [];
    const rttMs = forth.settings.delayMs + back.settings.delayMs;
    return [{ a, b, scenario, settings: { rttMs }, cut: forth.cut || back.cut, forth, back }];
  });
}

/** How the relay itself fares: how late it was, what it ignored, its CPU time. */
export async function readRelay(plan: LabPlan): Promise<RelayReading> {
  return (await askRelay(plan, { do: "read" })).relay;
}

const DAEMON = "relay";
const START_MS = 10_000;

function waysOf(plan: LabPlan, a: string, b: string, { oneWay = false }: OneWay): Way[] {
  const [from, to] = [portOf(plan, a), portOf(plan, b)];
  if (from.vni === to.vni) {
    throw new UserError("E_USAGE", `nothing lies between "${a}" and "${b}" on the lab's internet`, {
      likely: "they are the same, or stand behind one router",
      mend: "name two hosts that reach each other over the internet",
    });
  }
  return oneWay ? [{ from: from.vni, to: to.vni }] : bothWays(from.vni, to.vni);
}

function bothWays(a: number, b: number): Way[] {
  return [
    { from: a, to: b },
    { from: b, to: a },
  ];
}

async function notStarted(plan: LabPlan, cause: unknown): Promise<UserError> {
  const log = await readFile(daemonLog(plan, DAEMON), "utf8").catch(() => "");
  return new UserError("E_LAB_RELAY", `the relay of the lab "${plan.name}" does not start`, {
    likely: log.trim().split("\n").slice(-4).join("\n") || "it printed nothing",
    mend: `its log: ${daemonLog(plan, DAEMON)}`,
    cause,
  });
}
