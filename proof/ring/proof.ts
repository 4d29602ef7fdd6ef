import { programVersions } from "../corosync-cells/versions.ts";
import type { Proof } from "../run.ts";
import { judgeRings } from "./judge.ts";
import { measureRings } from "./measure.ts";

const proof: Proof = {
  summary: "rotation and write latency of real rings, each in several orders of nodeids, beside the forecast",
  async prove(say) {
    const { cells, machine } = await measureRings(say);
    return { programs: await programVersions(), machine, cells, broken: judgeRings(cells) };
  },
};

export default proof;
