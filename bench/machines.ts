import { takeDown } from "../lab/down.ts";
import { bootHost } from "../lab/machines/boot.ts";
import { hostExec } from "../lab/machines/exec.ts";
import { type HostMemory, hostMemory } from "../lab/machines/memory.ts";
import { crashHost, shutdownHost } from "../lab/machines/power.ts";
import { restoreLab, snapshotLab } from "../lab/machines/snapshot.ts";
import { median } from "../lab/measure.ts";
import type { HostPlan, LabPlan } from "../lab/plan.ts";
import { scenario } from "../lab/scenario.ts";
import { labUp } from "../lab/up.ts";

export interface MachineFigures {
  /** Seconds until systemd says that all is started: one host alone; each of three at once. */
  readonly bootAloneS: number;
  readonly bootTogetherS: number;
  readonly shutdownS: number;
  readonly powerCutS: number;
  /** Seconds for all three. */
  readonly snapshotS: number;
  readonly restoreS: number;
  readonly memory: Readonly<Record<"bare" | "full", HostMemory>>;
}

/**
 * Three hosts with the stand-in and Tailscale: what booting, power cuts and snapshots take, and how much memory
 * a host has, without and with a running corosync. About 60 s.
 */
export async function benchMachines(): Promise<MachineFigures> {
  const plan = await labUp(NAME, SCENARIO);
  try {
    const figures = { ...(await measurePower(plan)), memory: await measureMemory(plan) };
    print(figures);
    return figures;
  } finally {
    await takeDown(plan);
  }
}

const NAME = "bench-machines";
const SCENARIO = scenario.parse({
  name: NAME,
  summary: "three hosts in one place",
  tailnet: "headscale",
  sites: [{ name: "here" }],
  hosts: (["pve8", "pve9", "pve9"] as const).map((release, index) => ({
    ...{ name: `pve${index + 1}`, site: "here", release, tailscale: true },
  })),
});

async function measurePower(plan: LabPlan): Promise<Omit<MachineFigures, "memory">> {
  const each = (work: (host: HostPlan) => Promise<unknown>) => Promise.all(plan.hosts.map(work));
  const shutdownS = await seconds(() => each((host) => shutdownHost(plan, host)));
  const alone: number[] = [];
  for (const host of plan.hosts) {
    alone.push(await seconds(() => bootHost(plan, host)));
    await shutdownHost(plan, host);
  }
  const together: number[] = [];
  await each(async (host) => together.push(await seconds(() => bootHost(plan, host))));
  const powerCutS = await seconds(() => each((host) => crashHost(plan, host)));
  await each((host) => bootHost(plan, host));
  return {
    bootAloneS: median(alone) ?? Number.NaN,
    bootTogetherS: median(together) ?? Number.NaN,
    shutdownS,
    powerCutS,
    snapshotS: await seconds(() => snapshotLab(plan, "bench")),
    restoreS: await seconds(() => restoreLab(plan, "bench")),
  };
}

/** A cluster of its own on each host: corosync holds all its memory (mlockall), so it counts most. */
async function measureMemory(plan: LabPlan): Promise<MachineFigures["memory"]> {
  const [first] = plan.hosts;
  if (first === undefined) throw new Error("the scenario has hosts");
  const bare = await hostMemory(first);
  await Promise.all(
    plan.hosts.map(async (host) => {
      const create = ["pvecm", "create", host.name, "--link0", `address=${host.lan.address}`] as const;
      // After its start the cluster file system refuses its clients for some seconds, as the real one does.
      await hostExec(plan, host, ["sh", "-c", "until pvesh get /version; do sleep 0.5; done"]);
      const made = await hostExec(plan, host, create, { timeoutMs: 60_000 });
      const quorate = ["sh", "-c", "until pvecm status; do sleep 0.5; done"] as const;
      const status = await hostExec(plan, host, quorate, { timeoutMs: 30_000 });
      if (status.exitCode !== 0)
        throw new Error(`no cluster on ${host.name}: ${made.stdout}${made.stderr}${status.stderr}`);
    }),
  );
  return { bare, full: await hostMemory(first) };
}

function print(figures: MachineFigures): void {
  const s = (value: number) => `${value.toFixed(1).padStart(5)} s`;
  console.log(`boot, one host alone     ${s(figures.bootAloneS)}   (median of three hosts)`);
  console.log(
    `boot, three at once      ${s(figures.bootTogetherS)}   ${(figures.bootTogetherS / figures.bootAloneS).toFixed(1)} x alone`,
  );
  console.log(`shutdown, three at once  ${s(figures.shutdownS)}`);
  console.log(
    `power cut, three at once ${s(figures.powerCutS)}   ${(figures.shutdownS / figures.powerCutS).toFixed(1)} x as fast`,
  );
  console.log(`snapshot of three        ${s(figures.snapshotS)}`);
  console.log(`restore of three         ${s(figures.restoreS)}   with their boot`);
  for (const [state, { totalMib, programs }] of Object.entries(figures.memory)) {
    const most = programs.slice(0, 5).map(({ name, mib }) => `${name} ${mib.toFixed(0)}`);
    console.log(`memory of a host, ${state}   ${totalMib.toFixed(0).padStart(4)} MiB   ${most.join(", ")}`);
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return (performance.now() - since) / 1000;
}
