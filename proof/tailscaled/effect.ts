import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { knetStats, parseCmap } from "../../src/corosync/cmap.ts";
import type { RingOfThree } from "../../test/cluster/tune/ring-of-three.ts";
import type { Event } from "./events.ts";

/** What an event did to the cluster. */
export interface Effect {
  host: string;
  /** Rings that a host entered, by the host with the most, the one that it happened to left out. */
  changes: number;
  /** How often any host called another down. */
  linkDowns: number;
  /** From the beginning of the event until all hosts were quorate with all votes and stayed so. */
  wholeMs: number;
}

/** A change shows within the token's and consensus' time, a link that is down within knet's. */
const WATCH_MS = 12_000;

/** Lets an event happen to a host and counts what corosync counted meanwhile. */
export async function effectOf(ring: RingOfThree, which: string, event: Event): Promise<Effect> {
  const before = await counted(ring);
  const began = performance.now();
  await event.happen(ring, which);
  await Bun.sleep(WATCH_MS);
  await waitForVotes(ring.plan, ring.plan.hosts, { quorate: true, votes: 3 });
  const whole = performance.now() - began - WATCH_MS;
  const after = await counted(ring);
  const grown = after.map(({ host, rings, downs }, index) => ({
    host,
    rings: rings - (before[index]?.rings ?? 0),
    downs: downs - (before[index]?.downs ?? 0),
  }));
  return {
    host: which,
    changes: Math.max(...grown.filter(({ host }) => host !== which).map(({ rings }) => rings)),
    linkDowns: grown.reduce((sum, { downs }) => sum + downs, 0),
    wholeMs: Math.round(Math.max(0, whole)),
  };
}

async function counted(ring: RingOfThree): Promise<{ host: string; rings: number; downs: number }[]> {
  const answers = await ring.onAll("corosync-cmapctl", "-m", "stats");
  return answers.map(({ stdout }, index) => {
    const stats = parseCmap(stdout);
    return {
      host: `pve${index + 1}`,
      rings: Number(stats.get("stats.srp.operational_entered") ?? 0),
      downs: [...knetStats(stats).values()].reduce((sum, { downs }) => sum + downs, 0),
    };
  });
}
