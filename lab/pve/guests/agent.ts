import { PveError, textOf } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { parsePropertyString } from "../params/property-string.ts";
import { askHypervisor } from "./hypervisor.ts";
import { runningVm } from "./running.ts";
import { loadVm } from "./vm-files.ts";

/** What became of a command in the guest. */
export interface ExecStatus {
  readonly exited: 0 | 1;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly "out-data"?: string;
  readonly "err-data"?: string;
}

/**
 * Throws unless the guest agent of a VM answers: `No QEMU guest agent configured`, `VM 100 is not running`, and
 * after 3 s `QEMU guest agent is not running` (proxmox.md 11).
 */
export async function assertAgent(node: PveNode, vmid: number): Promise<void> {
  const { current } = await loadVm(node, vmid);
  if (current.agent === undefined) throw new PveError("No QEMU guest agent configured");
  const running = await runningVm(node, vmid);
  if (!running) throw new PveError(`VM ${vmid} is not running`);
  const enabled = parsePropertyString(current.agent, "enabled").enabled === "1";
  if (enabled && !running.paused && (await answers(node, vmid))) return;
  await Bun.sleep(AGENT_TIMEOUT_MS);
  throw new PveError("QEMU guest agent is not running");
}

/** Starts a command in the guest; gives its process id there. */
export async function guestExec(
  node: PveNode,
  vmid: number,
  argv: readonly string[],
  input?: string,
): Promise<number> {
  await assertAgent(node, vmid);
  if (argv.length === 0) throw new PveError("command or input-data (or both) required");
  const answer = await askHypervisor(node, {
    do: "exec",
    vmid,
    argv: [...argv],
    ...(input !== undefined && { input }),
  }).catch(agentError);
  return answer?.pid ?? 0;
}

/** How a command in the guest does. Throws for a process id that the agent does not know. */
export async function guestExecStatus(node: PveNode, vmid: number, pid: number): Promise<ExecStatus> {
  await assertAgent(node, vmid);
  const answer = await askHypervisor(node, { do: "exec-status", vmid, pid }).catch(agentError);
  const { exited = false, exitcode, signal, out = "", err = "" } = answer?.exec ?? {};
  const text = (data: string) => Buffer.from(data, "base64").toString("utf8");
  return {
    exited: exited ? 1 : 0,
    ...(exitcode !== undefined && { exitcode }),
    ...(signal !== undefined && { signal }),
    ...(out !== "" && { "out-data": text(out) }),
    ...(err !== "" && { "err-data": text(err) }),
  };
}

const AGENT_TIMEOUT_MS = 3_000;

function agentError(error: unknown): never {
  throw new PveError(`Agent error: ${textOf(error)}`);
}

async function answers(node: PveNode, vmid: number): Promise<boolean> {
  return (await askHypervisor(node, { do: "ping", vmid }).catch(() => undefined))?.yes ?? false;
}
