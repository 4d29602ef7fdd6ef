import { programVersions } from "../corosync-cells/versions.ts";
import type { Proof } from "../run.ts";
import { measureBursts } from "./bursts.ts";
import { burstBeside, judgeSilences, outageBeside } from "./judge-silences.ts";
import { measureOutages } from "./outages.ts";

const SECONDS = 330;

const proof: Proof = {
  summary: "one host cut off for 1, 2, 5 and 8 s, and lines that go bad for 1 to 3 s, beside the forecast",
  async prove(say) {
    const { cells: outages, machine: outageMachine } = await measureOutages(say, SECONDS);
    const { cells: bursts, machine: burstMachine } = await measureBursts(say, SECONDS);
    return {
      programs: await programVersions(),
      machine: [outageMachine, burstMachine],
      outages: outages.map((cell) => ({ ...cell, changesEach: outageBeside(cell) })),
      bursts: bursts.map((cell) => ({ ...cell, expected: burstBeside(cell).expected })),
      broken: judgeSilences(outages, bursts),
    };
  },
};

export default proof;
