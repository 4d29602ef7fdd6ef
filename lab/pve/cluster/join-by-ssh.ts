import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../src/host/run.ts";
import { PveError } from "../errors.ts";
import { nodeAddress } from "../node/addresses.ts";
import { withFileLock } from "../node/locks.ts";
import type { PveNode } from "../node/pve-node.ts";
import type { Params } from "../params/verify.ts";
import { taskCommand } from "../tasks/commands.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { CLUSTER_CONF, COROSYNC_KEY, PVECM_LOCK } from "./config-file.ts";
import { finishJoin } from "./finish-join.ts";
import { assertJoinVersion, prepareSsh } from "./join.ts";
import { formatLink, linksOf } from "./links.ts";
import { assertJoinable } from "./prechecks.ts";

/** `pvecm add HOST --use_ssh`: the joiner logs in to the member as root (proxmox.md 4.7). */
export async function joinBySsh(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  await withFileLock(node, PVECM_LOCK, async () => {
    const links = linksOf(params);
    const host = String(params.hostname);
    await assertJoinable(node, links, Boolean(params.force), output);
    await prepareSsh(node, output);
    await taskCommand(output, ["ssh-copy-id", "-i", "/root/.ssh/id_rsa", `root@${host}`], {
      failure: "unable to copy ssh ID",
      quiet: true,
    });
    const apiver = await run(["ssh", host, "-o", "BatchMode=yes", "pvecm", "apiver"], { timeoutMs: 60_000 });
    assertJoinVersion(Number(apiver.stdout.trim() || 0));
    const address = await nodeAddress(node.name);
    if (links.size === 0) {
      output.print(`No cluster network links passed explicitly, fallback to local node IP '${address}'\n`);
    }
    const words: [string, ...string[]] = [
      ...(["ssh", host, "-o", "BatchMode=yes", "pvecm", "addnode", node.name, "--force", "1"] as const),
      ...(params.nodeid === undefined ? [] : ["--nodeid", String(params.nodeid)]),
      ...(params.votes === undefined ? [] : ["--votes", String(params.votes)]),
      ...[...links].flatMap(([number, link]) => [`--link${number}`, formatLink(link)]),
      ...(links.size === 0 ? ["--new_node_ip", address] : []),
    ];
    const added = await run(words, { timeoutMs: 300_000 });
    output.print(added.stdout + added.stderr);
    if (added.exitCode !== 0) throw new PveError(`unable to add node: command failed (${words.join(" ")})`);
    await fetchAndFinish(node, host, output);
  });
}

async function fetchAndFinish(node: PveNode, host: string, output: TaskOutput): Promise<void> {
  const folder = await mkdtemp("/var/lib/pve-cluster/.pvecm_add.");
  try {
    output.print("copy corosync auth key\n");
    const copied = await run(
      [
        ...(["rsync", "--rsh=ssh -l root -o BatchMode=yes", "-lpgoq"] as const),
        ...[`[${host}]:${COROSYNC_KEY}`, `[${host}]:${CLUSTER_CONF}`, folder],
      ],
      { timeoutMs: 120_000 },
    );
    output.print(copied.stdout + copied.stderr);
    if (copied.exitCode !== 0) throw new PveError(`can't rsync data from host '${host}'`);
    const conf = await readFile(join(folder, "corosync.conf"), "utf8");
    await finishJoin(node, conf, await readFile(join(folder, "authkey")), output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
