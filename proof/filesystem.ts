import { must } from "../lab/machines/must.ts";
import type { LabPlan } from "../lab/plan.ts";
import { loadScenario } from "../lab/scenarios/load.ts";
import { clusterByHand } from "../test/standin/fire/cluster-by-hand.ts";
import { underFire } from "../test/standin/fire/under-fire.ts";
import { inLab } from "./in-lab.ts";
import type { Proof } from "./run.ts";

const MINUTES = 5;

const proof: Proof = {
  summary: `five hosts write to /etc/pve for ${MINUTES} minutes while members are cut, healed and power-cut in turn`,
  async prove(say) {
    return inLab("proof-filesystem", await loadScenario("five"), async (plan) => {
      await clusterByHand(plan);
      const report = await underFire(plan, { durationMs: MINUTES * 60_000, say });
      if (report.lost.length > 0) throw new Error(`lost: ${report.lost.join(", ")}`);
      if (report.differing.length > 0) throw new Error(`content differs on ${report.differing.join(", ")}`);
      if (report.seen < 100) throw new Error(`only ${report.seen} writes were seen: that proves nothing`);
      return { corosync: await corosyncVersions(plan), ...report };
    });
  },
};

export default proof;

async function corosyncVersions(plan: LabPlan): Promise<Record<string, string>> {
  const versions = plan.hosts.map(async (host) => {
    const said = await must(plan, host, "corosync -v");
    return [host.name, /'([\d.]+)'/.exec(said)?.[1] ?? said] as const;
  });
  return Object.fromEntries(await Promise.all(versions));
}
