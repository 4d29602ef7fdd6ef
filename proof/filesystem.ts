import { takeDown } from "../lab/down.ts";
import { type LabPlan, planLab } from "../lab/plan.ts";
import { loadScenario } from "../lab/scenarios/load.ts";
import { labUp } from "../lab/up.ts";
import { clusterByHand, must } from "../test/standin/fire/cluster-by-hand.ts";
import { underFire } from "../test/standin/fire/under-fire.ts";
import type { Proof } from "./run.ts";

const MINUTES = 5;

const proof: Proof = {
  summary: `five hosts write to /etc/pve for ${MINUTES} minutes while members are cut, healed and power-cut in turn`,
  async prove(say) {
    const scenario = await loadScenario("five");
    const name = "proof-filesystem";
    await takeDown(planLab(name, scenario));
    const plan = await labUp(name, scenario);
    try {
      await clusterByHand(plan);
      const report = await underFire(plan, { durationMs: MINUTES * 60_000, say });
      if (report.lost.length > 0) throw new Error(`lost: ${report.lost.join(", ")}`);
      if (report.differing.length > 0) throw new Error(`content differs on ${report.differing.join(", ")}`);
      if (report.seen < 100) throw new Error(`only ${report.seen} writes were seen: that proves nothing`);
      return { corosync: await corosyncVersions(plan), ...report };
    } finally {
      await takeDown(plan);
    }
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
