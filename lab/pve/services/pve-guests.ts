import { shutdownVm, startVm } from "../guests/power.ts";
import { vmStatuses } from "../guests/status.ts";
import { loadVm } from "../guests/vm-files.ts";
import { openNode, type PveNode } from "../node/pve-node.ts";
import { isQuorate } from "../node/quorum.ts";
import { runTask } from "../tasks/task.ts";

/** What a host does with its VMs when it comes and goes: `start` those with `onboot`, `stop` all in good order. */
export async function pveGuestsMain([command]: readonly string[]): Promise<number> {
  const node = await openNode();
  if (command === "stop") await stopAll(node);
  else await startAll(node);
  return 0;
}

/** Waits for quorum, at most a minute: without it nothing may be started. */
async function startAll(node: PveNode): Promise<void> {
  const wanted: number[] = [];
  for (const { vmid, status, template } of await vmStatuses(node)) {
    const { current } = await loadVm(node, vmid);
    if (current.onboot === "1" && !template && status === "stopped") wanted.push(vmid);
  }
  if (wanted.length === 0) return;
  for (let waited = 0; waited < 60 && !(await isQuorate(node)); waited++) await Bun.sleep(1_000);
  for (const vmid of wanted) {
    await asTask(node, "qmstart", vmid, (output) => startVm(node, { vmid }, output));
  }
}

async function stopAll(node: PveNode): Promise<void> {
  const running = (await vmStatuses(node)).filter(({ status }) => status === "running");
  await Promise.all(
    running.map(({ vmid }) =>
      asTask(node, "qmshutdown", vmid, (output) =>
        shutdownVm(node, { vmid, timeout: STOP_SECONDS, forceStop: 1 }, output),
      ),
    ),
  );
}

/** Less than the 90 s that systemd gives; Proxmox's own 180 s would outlast a test. */
const STOP_SECONDS = 30;

async function asTask(
  node: PveNode,
  type: string,
  vmid: number,
  work: Parameters<typeof runTask>[2],
): Promise<void> {
  const { status } = await runTask(node, { type, id: `${vmid}`, user: "root@pam" }, work);
  if (status !== "OK") console.error(`VM ${vmid}: ${status}`);
}
