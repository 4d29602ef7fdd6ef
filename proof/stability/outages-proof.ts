import { programVersions } from "../corosync-cells/versions.ts";
import type { Proof } from "../run.ts";
import { judgeOutages, outageBeside } from "./judge-silences.ts";
import { measureOutages } from "./outages.ts";

const SECONDS = 330;

const proof: Proof = {
  summary: "one host cut off for 1, 2, 5 and 8 s, again and again, beside the forecast",
  async prove(say) {
    const { cells, machine } = await measureOutages(say, SECONDS);
    return {
      programs: await programVersions(),
      machine,
      cells: cells.map((cell) => ({ ...cell, changesEach: outageBeside(cell) })),
      broken: judgeOutages(cells),
    };
  },
};

export default proof;
