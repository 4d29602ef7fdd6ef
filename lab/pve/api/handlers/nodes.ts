import { statfs } from "node:fs/promises";
import os from "node:os";
import { measureLoad, memoryUse } from "../../node/load.ts";
import type { PveNode } from "../../node/pve-node.ts";
import { managerLine } from "../../node/version-line.ts";
import type { Handlers } from "../call.ts";
import { childrenOf } from "../schema.ts";

export const nodeHandlers: Handlers = {
  "GET /version": async ({ node }) => versionOf(node),
  "GET /nodes/{node}": async () => childrenOf("/nodes/{node}").map((name) => ({ name })),
  "GET /nodes/{node}/version": async ({ node }) => versionOf(node),
  "GET /nodes/{node}/status": async ({ node }) => await statusOf(node),
};

function versionOf(node: PveNode): unknown {
  const { pveManager, repoid } = node.release;
  return { version: pveManager, release: pveManager.split(".").slice(0, 2).join("."), repoid };
}

async function statusOf(node: PveNode): Promise<unknown> {
  const load = await measureLoad();
  const memory = await memoryUse();
  const disk = await statfs("/");
  const space = (blocks: number) => blocks * disk.bsize;
  return {
    uptime: load.uptime,
    loadavg: os.loadavg().map((value) => value.toFixed(2)),
    cpu: load.cpu,
    wait: 0,
    idle: 0,
    cpuinfo: {
      model: os.cpus()[0]?.model ?? "unknown",
      cores: os.cpus().length,
      cpus: os.cpus().length,
      sockets: 1,
    },
    memory: { total: memory.total, used: memory.used, free: memory.free, available: memory.available },
    swap: { total: memory.swapTotal, free: memory.swapFree, used: memory.swapTotal - memory.swapFree },
    rootfs: {
      total: space(disk.blocks),
      used: space(disk.blocks - disk.bfree),
      free: space(disk.bfree),
      avail: space(disk.bavail),
    },
    ksm: { shared: 0 },
    kversion: `${os.type()} ${os.release()} ${os.version()}`,
    "current-kernel": {
      sysname: os.type(),
      release: os.release(),
      version: os.version(),
      machine: os.machine(),
    },
    "boot-info": { mode: "legacy-bios" },
    pveversion: managerLine(node.release),
  };
}
