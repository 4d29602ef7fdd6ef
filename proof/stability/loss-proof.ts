import { programVersions } from "../corosync-cells/versions.ts";
import type { Proof } from "../run.ts";
import { judgeLoss } from "./judge-loss.ts";
import { measureLoss } from "./loss.ts";

const SECONDS = 180;

const proof: Proof = {
  summary: `clusters of bare corosync under independent loss for ${SECONDS} s each: Proxmox's defaults and tuned settings beside the forecast`,
  async prove(say) {
    const { cells, machine } = await measureLoss(say, SECONDS);
    return { programs: await programVersions(), machine, cells, broken: judgeLoss(cells) };
  },
};

export default proof;
