import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { PveError } from "../errors.ts";
import { makeFolder, readText, setContents } from "../node/files.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import { processStart } from "../tasks/task-files.ts";
import { hasHypervisor } from "./hypervisor.ts";
import { HYPERVISOR_SOCKET } from "./hypervisor-protocol.ts";

export interface RunningVm {
  readonly pid: number;
  readonly paused: boolean;
  /** Seconds. */
  readonly uptime: number;
}

/**
 * A VM runs as long as its process does, as with Proxmox: it dies with the host, and its pid file lies in /run.
 * undefined for a VM that is off.
 */
export async function runningVm(node: PveNode, vmid: number): Promise<RunningVm | undefined> {
  const pid = Number(await readText(node, pidFile(vmid)));
  if (!(pid > 0)) return undefined;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  if (!commandLine.startsWith(`${KVM}\0`)) return undefined;
  const start = (await processStart(pid)) ?? 0;
  const [up = "0"] = (await readFile("/proc/uptime", "utf8")).split(" ");
  return {
    pid,
    paused: (await readText(node, pausedFile(vmid))) !== undefined,
    uptime: Math.max(0, Math.floor(Number(up) - start / TICKS)),
  };
}

/**
 * Switches a VM on. With the lab's hypervisor the process is its line to the machine, which lives and dies with it;
 * else, and for a VM whose disk holds nothing, nothing is behind it. Throws what the hypervisor complains of.
 */
export async function startProcess(node: PveNode, vmid: number, volume: string | undefined): Promise<void> {
  await makeFolder(node, "/run/qemu-server");
  await rm(at(node, pausedFile(vmid)), { force: true });
  const line = volume !== undefined && hasHypervisor(node) ? lineTo(node, vmid, volume) : undefined;
  const [file, ...args] = line ?? ["sleep", "infinity"];
  const child = spawn(file, args, {
    argv0: KVM,
    detached: true,
    cwd: "/",
    stdio: ["ignore", line ? "pipe" : "ignore", "ignore"],
  });
  await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  child.unref();
  if (child.stdout) {
    const answer = await firstLine(child.stdout);
    child.stdout.destroy();
    if (answer !== "on") throw new PveError(`start failed: ${answer || "the lab's hypervisor hung up"}`);
  }
  await setContents(node, pidFile(vmid), `${child.pid}\n`);
}

/** Kills a VM's process: the plug is pulled. Returns when it is gone. */
export async function killProcess(node: PveNode, vmid: number): Promise<void> {
  const running = await runningVm(node, vmid);
  if (!running) return;
  process.kill(running.pid, "SIGKILL");
  while (await runningVm(node, vmid)) await Bun.sleep(20);
}

/** Notes that a VM stands still, or goes on. */
export async function markPaused(node: PveNode, vmid: number, paused: boolean): Promise<void> {
  if (paused) await setContents(node, pausedFile(vmid), "");
  else await rm(at(node, pausedFile(vmid)), { force: true });
}

const KVM = "/usr/bin/kvm";
/** Clock ticks per second in /proc/PID/stat. */
const TICKS = 100;

/** curl, which every host has: its connection is the VM's power cable. */
function lineTo(node: PveNode, vmid: number, volume: string): [string, ...string[]] {
  const query = new URLSearchParams({ vmid: `${vmid}`, volume });
  return [
    ...(["curl", "--silent", "--no-buffer", "--unix-socket", at(node, HYPERVISOR_SOCKET)] as const),
    `http://hypervisor/run?${query}`,
  ];
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  return await new Promise((resolve) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(text.split("\n")[0] ?? "");
    });
    stream.once("end", () => resolve(text.trim()));
  });
}

function pidFile(vmid: number): `/${string}` {
  return `/run/qemu-server/${vmid}.pid`;
}

function pausedFile(vmid: number): `/${string}` {
  return `/run/qemu-server/${vmid}.paused`;
}
