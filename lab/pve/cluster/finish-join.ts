import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { run } from "../../../src/host/run.ts";
import { PveError } from "../errors.ts";
import { exists, makeFolder, setContents } from "../node/files.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import { isQuorate } from "../node/quorum.ts";
import { atLeast } from "../node/release.ts";
import { taskCommand } from "../tasks/commands.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { COROSYNC_KEY, LOCAL_CONF } from "./config-file.ts";
import { updateNodeFiles } from "./update-certs.ts";

const DATABASE = "/var/lib/pve-cluster/config.db";
const BACKUPS = "/var/lib/pve-cluster/backup";

/** Steps 8 to 15 of a join (proxmox.md 4.3): from here on this node's own /etc/pve is gone. */
export async function finishJoin(
  node: PveNode,
  conf: string,
  key: Uint8Array,
  output: TaskOutput,
): Promise<void> {
  await makeFolder(node, "/etc/corosync");
  await setContents(node, COROSYNC_KEY, key);
  await setContents(node, LOCAL_CONF, conf);
  output.print("stopping pve-cluster service\n");
  await taskCommand(output, ["systemctl", "stop", "pve-cluster"], {
    failure: "can't stop pve-cluster service",
  });
  await setDatabaseAside(node, output);
  await taskCommand(output, ["systemctl", "start", "corosync", "pve-cluster"], {
    failure: "starting pve-cluster failed",
  });
  await waitForQuorum(node, output);
  await updateNodeFiles(node, output, true);
  output.print("generated new node certificate, restart pveproxy and pvedaemon services\n");
  await taskCommand(output, ["systemctl", "reload-or-restart", "pvedaemon", "pveproxy"]);
  output.print(`successfully added node '${node.name}' to cluster.\n`);
}

/** For ever: the caller's patience is the only limit (proxmox.md 4.6). */
async function waitForQuorum(node: PveNode, output: TaskOutput): Promise<void> {
  let said = false;
  while (node.settings.hangJoin || !(await isQuorate(node))) {
    if (!said) output.print("waiting for quorum...");
    said = true;
    await Bun.sleep(1_000);
  }
  if (said) output.print("OK\n");
}

async function setDatabaseAside(node: PveNode, output: TaskOutput): Promise<void> {
  const epoch = Math.floor(Date.now() / 1000);
  const backup: `/${string}` = `${BACKUPS}/config-${epoch}.sql.gz`;
  output.print(`backup old database to '${backup}'\n`);
  const dump = await run(["sqlite3", at(node, DATABASE), ".dump"], { timeoutMs: 120_000 });
  if (dump.exitCode === 0) {
    await mkdir(at(node, BACKUPS), { recursive: true });
    await writeFile(at(node, backup), gzipSync(dump.stdout), { mode: 0o600 });
    await dropOldBackups(node, output);
    for (const suffix of ["", "-wal", "-shm"]) await rm(at(node, `${DATABASE}${suffix}`), { force: true });
    return;
  }
  // Since these versions a join goes on when the backup fails (proxmox.md 0).
  const goesOn = atLeast(node.release.pveCluster, node.release.name === "pve8" ? "8.1.3" : "9.1.1");
  const why = dump.stderr.trim() || `exit code ${dump.exitCode}`;
  if (!goesOn) throw new PveError(`cannot backup old database: ${why}`);
  output.print(`failed to create backup of pre-join config database - ${why}\n`);
  if (await exists(node, DATABASE)) await rename(at(node, DATABASE), at(node, `${DATABASE}.${epoch}.bak`));
}

/** The newest ten stay. */
async function dropOldBackups(node: PveNode, output: TaskOutput): Promise<void> {
  const names = (await readdir(at(node, BACKUPS)))
    .filter((name) => /^config-\d+\.sql\.gz$/.test(name))
    .sort();
  for (const name of names.slice(0, -10)) {
    output.print(`delete old backup '${BACKUPS}/${name}'\n`);
    await rm(at(node, `${BACKUPS}/${name}`));
  }
}
