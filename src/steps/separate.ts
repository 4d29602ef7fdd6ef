import { UserError } from "../errors.ts";
import type { Armed } from "../guard/armed.ts";
import { digestPve } from "../guard/copies.ts";
import { compare, endUnits, putBack, ringState } from "../guard/restore.ts";
import { poll } from "../host/deadline.ts";
import type { Argv, Writer } from "../host/host.ts";
import { forgetCreated, noteCreated, readCreated } from "../proxmox/created.ts";
import { readPlace } from "../proxmox/place.ts";
import { untilProxmoxAnswers } from "./proxmox-answers.ts";
import { settleOnDisk } from "./settle-on-disk.ts";

type Copies = Pick<Armed, "copies" | "saved" | "absent">;

/**
 * Makes the last member of a cluster standalone, in the exact order of proxmox.md 8.1 (1 to 5, 7, 10). Where a step
 * fails all is put back from the copies, and E_DISSOLVE thrown. Can be repeated after any interruption.
 */
export async function separate(
  writer: Writer,
  copies: Copies,
  doing: (words: string) => void,
): Promise<string> {
  const before = (await writer.text(`${copies.copies}/digests`)) ?? "";
  try {
    doing("stopping corosync and pve-cluster");
    await endUnits(writer, [LOCAL_UNIT, "pve-cluster", "corosync"]);
    await withoutCluster(writer);
    doing("starting pve-cluster");
    await must(writer, ["systemctl", "start", "pve-cluster"]);
    await untilStandalone(writer);
  } catch (error) {
    throw await backAgain(writer, copies, error);
  }
  const rings = await ringState(writer);
  if (rings.length > 0) await must(writer, ["rm", "-f", "--", ...rings]);
  const { files, differing } = compare(before, await digestPve(writer));
  const others = differing.filter((name) => !/\/corosync\.conf(\.new)?$/.test(name));
  doing("making a certificate");
  await untilProxmoxAnswers(writer);
  await must(writer, ["pvecm", "updatecerts", "--force"]);
  await must(writer, ["systemctl", "restart", "pvedaemon", "pveproxy"]);
  await forgetCreated(writer);
  await settleOnDisk(writer);
  const rest = others.length === 0 ? "" : `, changed meanwhile: ${others.join(", ")}`;
  return `standalone, ${files} files of /etc/pve as before${rest}`;
}

/** pmxcfs in local mode: without a quorum it lets corosync.conf be removed. A unit, so that its end can be seen. */
async function withoutCluster(writer: Writer): Promise<void> {
  const start = [
    "systemd-run",
    "--quiet",
    "--collect",
    "--service-type=forking",
    `--unit=${LOCAL_UNIT}`,
  ] as const;
  await must(writer, [...start, "--", "pmxcfs", "-l"]);
  await until(writer, "/etc/pve does not come up in local mode", (text) => text !== undefined);
  await writer.remove("/etc/pve/corosync.conf");
  await must(writer, [
    "rm",
    "-rf",
    "--",
    ...["authkey", "corosync.conf", "qdevice"].map((name) => `/etc/corosync/${name}`),
  ]);
  await endUnits(writer, [LOCAL_UNIT]);
  await until(writer, "/etc/pve stays mounted", (text) => text === undefined);
}

const LOCAL_UNIT = "tailmox-pmxcfs.service";

async function untilStandalone(writer: Writer): Promise<void> {
  const done = await poll(30_000, 300, async () => {
    const place = await readPlace(writer).catch(() => undefined);
    return place?.kind === "standalone" ? true : undefined;
  });
  if (!done) throw new Error("it is not standalone after 30 s");
}

/** Gives the error that says what stands now. */
async function backAgain(writer: Writer, copies: Copies, cause: unknown): Promise<UserError> {
  const failed = words(cause);
  // A run that goes on with an earlier one has no list of what was saved; the copies stay for a hand.
  const back =
    copies.saved.length === 0 ? "nothing was put back" : await restore(writer, copies).catch(words);
  const here =
    back === undefined ? "it was put back, and is a cluster of one as before" : `not put back: ${back}`;
  return new UserError("E_DISSOLVE", `this host's own cluster could not be dissolved; ${here}`, {
    likely: failed,
    mend: `journalctl -u pve-cluster -u corosync; copies: ${copies.copies}; then tailmox up again`,
    cause,
  });
}

/** undefined when the cluster of one is there again. */
async function restore(writer: Writer, copies: Copies): Promise<string | undefined> {
  await endUnits(writer, [LOCAL_UNIT, "pve-cluster", "corosync"]);
  await putBack(writer, copies);
  await must(writer, ["systemctl", "start", "corosync", "pve-cluster"]);
  const member = await poll(30_000, 500, async () => {
    const place = await readPlace(writer).catch(() => undefined);
    return place?.kind === "member" && place.cluster.quorate ? true : undefined;
  });
  if (!member) return "it has no quorum after 30 s";
  const created = await readCreated(writer);
  if (created) await noteCreated(writer, { cluster: created.cluster, by: created.by, at: created.at });
  return undefined;
}

async function until(
  writer: Writer,
  late: string,
  holds: (text: string | undefined) => boolean,
): Promise<void> {
  const done = await poll(15_000, 200, async () => {
    const text = await writer.text("/etc/pve/.members").catch(() => undefined);
    return holds(text) ? true : undefined;
  });
  if (!done) throw new Error(late);
}

async function must(writer: Writer, argv: Argv): Promise<void> {
  const result = await writer.run(argv, { timeoutMs: 120_000 });
  if (result.exitCode === 0) return;
  throw new UserError("E_DISSOLVE", `${argv.join(" ")} failed while the own cluster was dissolved`, {
    likely: result.stderr.trim().split("\n").slice(-3).join("\n") || "it gave no reason",
    mend: "journalctl -u pve-cluster; then tailmox up again",
  });
}

function words(error: unknown): string {
  if (error instanceof UserError) return `${error.message}: ${error.likely}`;
  return error instanceof Error ? error.message : String(error);
}
