import type { PveNode } from "../node/pve-node.ts";
import { runTask, type TaskKind, type Work, writeAll } from "../tasks/task.ts";

/**
 * Runs a task in front of the user: its output to stdout, the last error alone to stderr, and exit status 0
 * whatever came of it (proxmox.md 0, rules A and B).
 */
export async function commandTask(node: PveNode, kind: TaskKind, work: Work): Promise<0> {
  const { status } = await runTask(node, kind, work, { echo: true });
  const warnings = /^WARNINGS: (\d+)$/.exec(status)?.[1];
  if (warnings) writeAll(2, `Task finished with ${warnings} warning(s)!\n`);
  else if (status !== "OK") writeAll(2, `${status}\n`);
  return 0;
}
