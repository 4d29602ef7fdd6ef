import { programVersions } from "../corosync-cells/versions.ts";
import type { Proof } from "../run.ts";
import { measureBursts } from "./bursts.ts";
import { burstBeside, judgeBursts } from "./judge-silences.ts";

const SECONDS = 330;

const proof: Proof = {
  summary: "lines of hosts that go bad for 1 to 3 s about once a minute, beside the forecast",
  async prove(say) {
    const { cells, machine } = await measureBursts(say, SECONDS);
    return {
      programs: await programVersions(),
      machine,
      cells: cells.map((cell) => ({ ...cell, expected: burstBeside(cell).expected })),
      broken: judgeBursts(cells),
    };
  },
};

export default proof;
