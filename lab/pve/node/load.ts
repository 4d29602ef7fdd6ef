import { readFile, statfs } from "node:fs/promises";
import os from "node:os";
import { z } from "zod";

const load = z.object({
  /** Seconds. */
  uptime: z.number(),
  /** Fraction of all processors, 0..1. */
  cpu: z.number(),
  maxcpu: z.number(),
  /** Bytes. */
  mem: z.number(),
  maxmem: z.number(),
  disk: z.number(),
  maxdisk: z.number(),
});
/** What pvestatd tells the other members of its node, under the key `node-status`. */
export type Load = z.infer<typeof load>;

export const LOAD_KEY = "node-status";

/** Measures this node; `cpu` is the load of the last minute per processor. */
export async function measureLoad(): Promise<Load> {
  const disk = await statfs("/");
  const memory = await memoryUse();
  return {
    uptime: await uptime(),
    cpu: Math.min(1, (os.loadavg()[0] ?? 0) / os.cpus().length),
    maxcpu: os.cpus().length,
    mem: memory.used,
    maxmem: memory.total,
    disk: (disk.blocks - disk.bfree) * disk.bsize,
    maxdisk: disk.blocks * disk.bsize,
  };
}

/** Takes a published value apart; undefined when it is none. */
export function parseLoad(text: string | undefined): Load | undefined {
  if (text === undefined) return undefined;
  try {
    return load.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Bytes, from /proc/meminfo. */
export async function memoryUse(): Promise<{
  total: number;
  used: number;
  free: number;
  available: number;
  swapTotal: number;
  swapFree: number;
}> {
  const text = await readFile("/proc/meminfo", "utf8");
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * 1024;
  const [total, available] = [bytes("MemTotal"), bytes("MemAvailable")];
  return {
    total,
    available,
    used: total - available,
    free: bytes("MemFree"),
    swapTotal: bytes("SwapTotal"),
    swapFree: bytes("SwapFree"),
  };
}

/** Of the init of this machine: a container's clock starts with it, not with the kernel. */
async function uptime(): Promise<number> {
  const sinceBoot = Number((await readFile("/proc/uptime", "utf8")).split(" ")[0]);
  const stat = await readFile("/proc/1/stat", "utf8");
  const startTicks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  return Math.floor(sinceBoot - startTicks / 100);
}
