import { UserError } from "../errors.ts";
import { type Armed, type GuardReport, readArmed, readReport, whenItFires } from "../guard/armed.ts";
import { disarmGuard } from "../guard/disarm.ts";
import { finishJoin } from "../guard/finish.ts";
import { GUARD_DIR, REPORT_FILE } from "../guard/places.ts";
import { isUntouched } from "../guard/untouched.ts";
import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { parseMembers } from "../proxmox/members.ts";
import type { UpOptions } from "./options.ts";
import type { Talk } from "./talk.ts";

type Options = Pick<UpOptions, "dryRun">;

/**
 * Tells what the guard of an earlier join did. Throws E_GUARD_ARMED when that join is not over: it may still
 * succeed, and nothing else must touch the host meanwhile.
 */
export async function tellGuardNews(host: Host, { dryRun }: Options, talk: Talk): Promise<void> {
  const report = await readReport(host);
  const armed = await readArmed(host);
  if (report) {
    talk.note(...newsOf(report));
    // What failed is told until it is mended.
    if (!dryRun && report.outcome !== "failed") {
      const change = { what: "forget what the guard reported", undo: "nothing" };
      await host.change(change, (writer) => writer.remove(REPORT_FILE));
    }
  }
  if (!armed || (await hasJoined(host, armed, talk)) || (await letGoUntouched(host, armed, dryRun))) return;
  throw new UserError("E_GUARD_ARMED", `a join of this host to "${armed.cluster}" is not over`, {
    likely:
      `tailmox was ended in the middle of it; the guard puts this host back ${whenItFires(armed)} ` +
      "unless it is a quorate member by then",
    mend: "wait; or put it back now: systemctl start tailmox-guard. Then run tailmox up again",
  });
}

/** After verify: the guard goes, and root's keys are in the cluster's file. The copies stay. */
export async function releaseGuard(host: Host, { dryRun }: Options, talk: Talk): Promise<void> {
  const armed = await readArmed(host);
  // Its folder goes last: without its orders it is what a run left that was ended while it took the guard away.
  const isLeft = armed !== undefined || (await host.list(GUARD_DIR)).length > 0;
  if (!isLeft || dryRun) return;
  await host.change({ what: "take the guard away", undo: "nothing" }, async (writer) => {
    if (armed) await finishJoin(writer, armed);
    await disarmGuard(writer);
  });
  talk.note(`The guard is gone.${armed ? ` What this host had before: ${armed.copies}` : ""}`);
}

/** A quorate member whose pvecm, which goes on without tailmox, has come to its end: keys and certificates come last. */
async function hasJoined(host: Host, armed: Armed, talk: Talk): Promise<boolean> {
  if (!(await isQuorateHere(host))) return false;
  if (await hasEnded(host, armed)) return true;
  const phase = talk.phase("Join", "pvecm of an earlier run is still at it (usually 5 s more)");
  const ended = await poll(PVECM_MS, 500, async () => (await hasEnded(host, armed)) || undefined);
  if (ended) phase.ok(`pvecm of an earlier run has taken this host into "${armed.cluster}"`);
  else phase.warn("pvecm of an earlier run does not end");
  return ended ?? false;
}

/** From the quorum on it has no more to wait for. */
const PVECM_MS = 60_000;

async function hasEnded(host: Host, { unit }: Armed): Promise<boolean> {
  const { stdout } = await host.run(["systemctl", "show", unit, "--property=ActiveState"]);
  return /^ActiveState=(inactive|failed)$/m.test(stdout);
}

/** A run that ended before pvecm began: the guard has nothing to guard, and this run begins anew. */
async function letGoUntouched(host: Host, armed: Armed, dryRun: boolean): Promise<boolean> {
  if (dryRun || !(await hasEnded(host, armed))) return false;
  return host.change({ what: "take away a guard that guards nothing", undo: "nothing" }, async (writer) => {
    if (!(await isUntouched(writer, armed))) return false;
    await disarmGuard(writer);
    return true;
  });
}

function newsOf({ outcome, node, cluster, at, files, differing, copies, trouble }: GuardReport): string[] {
  const when = at.slice(0, 19).replace("T", " ");
  if (outcome === "kept")
    return [`The guard found ${node} a quorate member of "${cluster}" (${when} UTC) and went.`];
  if (outcome === "untouched")
    return [`The join to "${cluster}" had not begun when tailmox ended (${when} UTC).`];
  if (outcome === "failed") {
    return [
      `!! The guard could not restore ${node} (${when} UTC): ${trouble ?? "unknown"}. Copies: ${copies}`,
    ];
  }
  const same = `${files} files of /etc/pve as before`;
  const rest = differing.length === 0 ? same : `${same}, not so: ${differing.join(", ")} (see ${copies})`;
  return [
    `!! The join to "${cluster}" had not succeeded: the guard restored ${node} at ${when} UTC, ${rest}.`,
  ];
}

async function isQuorateHere(host: Host): Promise<boolean> {
  const text = await host.text("/etc/pve/.members").catch(() => undefined);
  return (text === undefined ? undefined : parseMembers(text))?.cluster?.quorate === true;
}
