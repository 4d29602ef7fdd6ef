import { programVersions } from "../corosync-cells/versions.ts";
import type { Proof } from "../run.ts";
import { measureEndings } from "./endings.ts";
import { judgeEndings } from "./judge-endings.ts";

const ROUNDS = 3;

const proof: Proof = {
  summary:
    "power cut, network cut, clean stop, join and healing of one host: until all serve, beside the forecast",
  async prove(say) {
    const { cells, machine } = await measureEndings(say, ROUNDS);
    return { programs: await programVersions(), machine, cells, broken: judgeEndings(cells) };
  },
};

export default proof;
