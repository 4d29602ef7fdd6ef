import { ensureExecutable } from "../build.ts";
import { median } from "../lab/measure.ts";

const RUNS = 30;

/** How long the compiled executable takes for the least that it can do, and how much memory at its peak. */
export async function benchStart(): Promise<void> {
  const tailmox = await ensureExecutable();
  for (const argv of [["--version"], ["up", "--help"], ["policy", "print"]]) {
    // The first one reads the file from the disk.
    await startOnce([tailmox, ...argv]);
    const runs: Start[] = [];
    while (runs.length < RUNS) runs.push(await startOnce([tailmox, ...argv]));
    const times = runs.map(({ ms }) => ms).sort((a, b) => a - b);
    const peak = Math.max(...runs.map(({ peakMb }) => peakMb));
    const cpu = median(runs.map(({ cpuMs }) => cpuMs));
    console.log(
      `tailmox ${argv.join(" ")}: median ${median(times)?.toFixed(0)} ms, slowest of ${RUNS} ` +
        `${times.at(-1)?.toFixed(0)} ms, processor ${cpu?.toFixed(0)} ms; peak ${peak.toFixed(0)} MB${argv[0] === "--version" ? "  (aim: under 60 ms)" : ""}`,
    );
  }
}

interface Start {
  readonly ms: number;
  /** Of the processor: what a busy machine does not make longer. */
  readonly cpuMs: number;
  readonly peakMb: number;
}

async function startOnce(argv: string[]): Promise<Start> {
  const started = performance.now();
  const child = Bun.spawn(argv, { stdout: "ignore" });
  const status = await child.exited;
  const ms = performance.now() - started;
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}`);
  const usage = child.resourceUsage();
  const cpuMs = Number(usage?.cpuTime.total ?? 0) / 1_000;
  return { ms, cpuMs, peakMb: (usage?.maxRSS ?? 0) / 1e6 };
}
