import { takeDown } from "../lab/down.ts";
import { hostExec } from "../lab/machines/exec.ts";
import { writeHostFile } from "../lab/machines/files.ts";
import { median } from "../lab/measure.ts";
import { type HostPlan, type LabPlan, planLab } from "../lab/plan.ts";
import { progressOnStderr } from "../lab/progress.ts";
import { parseScenario } from "../lab/scenarios/load.ts";
import { tailnetAddress } from "../lab/story/latency-matrix.ts";
import { createAuthKey } from "../lab/tailnet/auth-key.ts";
import { loginServer } from "../lab/tailnet/login-server.ts";
import { labUp } from "../lab/up.ts";
import { UDP_ECHO } from "../src/host/udp-echo.ts";

const HOSTS = [1, 2, 3, 4, 5, 6, 7];
const RUNS = 3;

/** `tailmox check` with 2, 4 and 6 peers that answer, at 100 ms, and the same peers one after another. */
export async function benchPreflight(): Promise<void> {
  const scenario = parseScenario(
    {
      name: "preflight",
      summary: "seven hosts, 100 ms from each other",
      tailnet: "headscale",
      sites: HOSTS.map((n) => ({ name: `s${n}` })),
      hosts: HOSTS.map((n) => ({ name: `pve${n}`, site: `s${n}`, release: "pve9" })),
      defaultLink: { rttMs: 100 },
    },
    "preflight",
  );
  const name = "bench-preflight";
  await takeDown(planLab(name, scenario));
  const plan = await labUp(name, scenario, { progress: progressOnStderr() });
  try {
    await stage(plan);
    const [here, ...peers] = plan.hosts;
    if (!here) return;
    const single = await medianOfRuns(plan, here, peers.slice(0, 1));
    console.log(`  1 peer: ${single.toFixed(1)} s`);
    for (const count of [2, 4, 6]) {
      const some = peers.slice(0, count);
      const together = await medianOfRuns(plan, here, some);
      let turns = 0;
      for (const peer of some) turns += await timeCheck(plan, here, [peer]);
      console.log(
        `  ${count} peers: ${together.toFixed(1)} s at once (${(together / single).toFixed(2)} x one peer), ` +
          `${turns.toFixed(1)} s one after another (${(turns / together).toFixed(1)} x)`,
      );
    }
  } finally {
    await takeDown(plan);
  }
}

/** Installs Tailscale and logs in, host by host: seven at once are too much for a small machine. */
async function stage(plan: LabPlan): Promise<void> {
  const key = await createAuthKey(plan);
  for (const host of plan.hosts) {
    await writeHostFile(plan, host, "/root/tailnet.key", `${key}\n`, 0o600);
    const login = ["--login-server", loginServer(plan), "--auth-key-file", "/root/tailnet.key"];
    const { exitCode, stderr } = await hostExec(plan, host, [
      "tailmox",
      "up",
      "--staging",
      "--yes",
      ...login,
    ]);
    if (exitCode !== 0) throw new Error(`${host.name} is not in the tailnet: ${stderr}`);
  }
}

async function medianOfRuns(plan: LabPlan, here: HostPlan, peers: readonly HostPlan[]): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) times.push(await timeCheck(plan, here, peers));
  return median(times) ?? Number.NaN;
}

/** Seconds of the whole command, while each of these peers answers UDP. */
async function timeCheck(plan: LabPlan, here: HostPlan, peers: readonly HostPlan[]): Promise<number> {
  const own = (await tailnetAddress(plan, here)) ?? "";
  const answering = peers.map(async (peer) => {
    const address = (await tailnetAddress(plan, peer)) ?? "";
    return hostExec(plan, peer, [...UDP_ECHO, address, own, "12"]);
  });
  // Until the last of them has bound its ports.
  await Bun.sleep(1_500);
  const names = peers.map(({ name }) => name);
  const { durationMs, stdout, exitCode } = await hostExec(plan, here, ["tailmox", "check", ...names]);
  if (exitCode !== 0) console.log(stdout);
  await Promise.all(answering);
  return durationMs / 1000;
}
