import type { Cluster } from "../cluster/facts.ts";
import { type GuardReport, readArmed, readReport, writeArmed } from "../guard/armed.ts";
import { disarmGuard } from "../guard/disarm.ts";
import { GUARD_SERVICE, REPORT_FILE } from "../guard/places.ts";
import { endUnits } from "../guard/restore.ts";
import { poll, withDeadline } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { isListed, lookAtBothSides, votesOf } from "./half-joined.ts";

export interface UndoSpec {
  readonly node: string;
  readonly through: { readonly name: string };
  /** The unit that pvecm ran in. */
  readonly unit: string;
  readonly askMember: () => Promise<Cluster | undefined>;
  /** Takes this host out of the cluster's node list, by way of the member. */
  readonly takeOut: () => Promise<void>;
}

export interface Undone {
  /** What stands now, a line for each side. */
  readonly words: string;
  /** What has to be done by hand; undefined when both sides are as they were. */
  readonly left: string | undefined;
}

/**
 * Takes a failed join back, in the one order that is safe: pvecm and corosync of this host are ended and seen
 * to be, then the cluster forgets the host, then the host gets its own /etc/pve back. Never throws: what could
 * not be done is said. Source: proxmox.md 4.5, 8.1.
 */
export async function undoJoin(host: Host, spec: UndoSpec): Promise<Undone> {
  const seen = await lookAtBothSides(host, spec);
  if (!seen.hereTouched && seen.listed === false) {
    await host.change({ what: "take the guard away", undo: "nothing" }, disarmGuard);
    return { words: `${seen.words}\nNothing of the join is left.`, left: undefined };
  }
  const ended = await host
    .change({ what: "end what the join started", undo: "tailmox up" }, async (writer) => {
      await endUnits(writer, [spec.unit]);
      if (seen.hereTouched) await endUnits(writer, ["pve-cluster", "corosync"]);
    })
    .then(() => undefined, words);
  if (ended !== undefined) return { words: `${seen.words}\nNot undone: ${ended}`, left: BY_HAND };
  const there = await forget(spec, seen.listed);
  const here = await restore(host, spec.node, seen.hereTouched);
  return { words: `${there.words}\n${here.words}`, left: here.left ?? there.left };
}

interface Side {
  readonly words: string;
  readonly left: string | undefined;
}

/** The cluster's side: out of the node list, and quorate. */
async function forget(spec: UndoSpec, listed: boolean | undefined): Promise<Side> {
  const { node, through } = spec;
  if (listed === undefined) {
    return {
      words: `${through.name}: unknown, it did not answer; it may list ${node}`,
      left: `when ${through.name} answers again, tailmox up here removes the entry first`,
    };
  }
  const trouble = listed
    ? await withDeadline(spec.takeOut(), 90_000, () => new Error("no answer for 90 s")).then(
        () => undefined,
        words,
      )
    : undefined;
  let cluster: Cluster | undefined;
  const whole = await poll(20_000, 1_000, async () => {
    cluster = await spec.askMember().catch(() => undefined);
    return cluster?.quorate && !isListed(cluster, node) ? true : undefined;
  });
  if (whole && cluster) {
    const how = listed ? `${node} removed from the cluster` : `${node} is not in the cluster`;
    return { words: `${how} (${votesOf(cluster)})`, left: undefined };
  }
  const state = cluster
    ? `${isListed(cluster, node) ? "lists" : "does not list"} ${node}, ${votesOf(cluster)}`
    : "gives no answer";
  return {
    words: `${through.name} ${state}${trouble === undefined ? "" : `: ${trouble}`}`,
    left: `on ${through.name}, only if it is not quorate: pvecm expected 1; then: pvecm delnode ${node}`,
  };
}

/** This host's side, by the guard: the same that would restore it without tailmox. */
async function restore(host: Host, node: string, touched: boolean): Promise<Side> {
  if (!touched) {
    await host.change({ what: "take the guard away", undo: "nothing" }, disarmGuard);
    return { words: `${node} is standalone, nothing of it was replaced`, left: undefined };
  }
  const armed = await readArmed(host);
  if (!armed) return { words: `${node} has no guard that could restore it`, left: BY_HAND };
  const report = await host.change(
    { what: "let the guard restore this host", undo: "tailmox up" },
    async (writer) => {
      // By its own clock the guard ends this run first; now that would end the one that tells what came of it.
      await writeArmed(writer, { ...armed, applyUnit: undefined });
      await writer.run(["systemctl", "start", GUARD_SERVICE], { timeoutMs: 330_000 });
      const written = await readReport(writer);
      if (written?.outcome === "restored") await writer.remove(REPORT_FILE);
      return written;
    },
  );
  return restoredSide(node, report);
}

function restoredSide(node: string, report: GuardReport | undefined): Side {
  if (report?.outcome !== "restored") {
    const why = report?.trouble ?? "its guard left no report";
    return {
      words: `${node} is not restored yet: ${why}`,
      left: `journalctl -u ${GUARD_SERVICE}; then ${BY_HAND}`,
    };
  }
  const { files, differing, copies } = report;
  if (differing.length > 0) {
    return {
      words: `${node} is standalone again; ${differing.length} files of /etc/pve are not as before: ${differing.slice(0, 5).join(", ")}`,
      left: `compare them with ${copies}/etc-pve.tar`,
    };
  }
  return {
    words: `${node} is standalone again with its own /etc/pve as it was (checked, ${files} files)`,
    left: undefined,
  };
}

const BY_HAND = "docs/undo-by-hand.md#a-join-that-hung";

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
