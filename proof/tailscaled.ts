import { takeDown } from "../lab/down.ts";
import { tailscaleVersion } from "../lab/tailnet/programs.ts";
import { type RingOfThree, ringOfThree } from "../test/cluster/tune/ring-of-three.ts";
import type { Proof } from "./run.ts";
import { type Effect, effectOf } from "./tailscaled/effect.ts";
import { EVENTS, type Event } from "./tailscaled/events.ts";

/** What one kind of event did to the cluster with one kind of settings, run by run. */
interface Row {
  settings: "pve-9" | "tuned";
  event: string;
  effects: Effect[];
}

const proof: Proof = {
  summary:
    "a cluster of three over real tailscaled while tailscaled restarts, stops and sleeps, the control server and its relay restart, and a direct path is lost: Proxmox's defaults and tuned settings",
  async prove(say) {
    const ring = await ringOfThree("proof-tailscaled");
    try {
      const defaults = await underEvents(ring, "pve-9", say);
      const tune = await ring.on("pve1", "tailmox", "tune", "--yes");
      if (tune.exitCode !== 0) throw new Error(`${tune.stdout}${tune.stderr}`);
      const tuned = await underEvents(ring, "tuned", say);
      const corosync = await ring.onAll("corosync", "-v");
      return {
        programs: {
          tailscale: await tailscaleVersion(),
          corosync: corosync.map(({ stdout }) => /'([\d.]+)'/.exec(stdout)?.[1] ?? stdout),
        },
        rttMs: { "pve1 pve2": 20, "pve1 pve3": 90, "pve2 pve3": 110 },
        rows: [...defaults, ...tuned],
        broken: judge(tuned),
      };
    } finally {
      await takeDown(ring.plan);
    }
  },
};

export default proof;

async function underEvents(
  ring: RingOfThree,
  settings: Row["settings"],
  say: (line: string) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const event of EVENTS) {
    const effects: Effect[] = [];
    for (let turn = 0; turn < event.runs; turn++) {
      const which = `pve${(turn % 3) + 1}`;
      effects.push(await effectOf(ring, which, event));
    }
    rows.push({ settings, event: event.name, effects });
    say(
      `${settings.padEnd(5)} ${event.name}: changes ${effects.map(({ changes }) => changes).join(" ")}, ` +
        `links down ${effects.map(({ linkDowns }) => linkDowns).join(" ")}`,
    );
  }
  return rows;
}

/** With tuned settings what is harmless by design must be so each time. */
function judge(tuned: readonly Row[]): string[] {
  const harmless = (event: Event) => event.tunedStandsIt;
  return tuned
    .filter(({ event }) => EVENTS.some((each) => each.name === event && harmless(each)))
    .flatMap(({ event, effects }) => {
      const changed = effects.filter(({ changes }) => changes > 0);
      return changed.length === 0
        ? []
        : [`${event} with tuned settings: ${changed.length} of ${effects.length} changed the membership`];
    });
}
