import { type Awaited, awaitedBy } from "../cluster/awaited.ts";
import type { Decision } from "../cluster/decide.ts";
import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { joiningNow } from "../proxmox/join-lock.ts";
import type { KnownPeer } from "./ask-peers.ts";
import { awaitAdmission } from "./await-admission.ts";
import { lookAgain, type Outlook } from "./look-again.ts";

export interface Decided {
  readonly decision: Decision;
  readonly known: readonly KnownPeer[];
}

/**
 * What this host should do, once the others have done theirs: while the founder has not created, another host is
 * joining, or peers are in the middle of a change, it asks again, for `--wait` at most. A dry run does not wait.
 */
export async function decideWithOthers(
  outlook: Outlook,
  first: readonly KnownPeer[],
  decide: (known: readonly KnownPeer[]) => Decision,
): Promise<Decided> {
  const { waitMs, dryRun } = outlook.options;
  const deadline = performance.now() + (dryRun ? 0 : waitMs);
  let known = first;
  let unsettledUntil: number | undefined;
  for (;;) {
    const decision = decide(known);
    const awaited = awaitedBy(decision);
    if (!awaited) return { decision, known };
    if (awaited.kind !== "unsettled") unsettledUntil = undefined;
    else unsettledUntil ??= performance.now() + UNSETTLED_MS;
    const leftMs = Math.min(deadline, unsettledUntil ?? deadline) - performance.now();
    if (leftMs <= 0 || (awaited.kind === "join" && (await joiner(awaited, known)) === undefined)) {
      return { decision, known };
    }
    const changed =
      awaited.kind === "admission"
        ? await awaitAdmission(outlook, known, awaited.addresses, leftMs)
        : await waitFor(outlook, known, awaited, leftMs, (now) => key(decide(now)) !== key(decision));
    if (!changed) return { decision, known };
    known = await lookAgain(outlook, changed);
  }
}

/** A restart of pve-cluster with a new certificate takes 5 to 10 s; of five hosts on a slow machine, more. */
const UNSETTLED_MS = 20_000;
const ASK_EVERY_MS = 3_000;

type Awaitable = Exclude<Awaited, { kind: "admission" }>;

/** The peers as they stand when that makes a difference; undefined when the time is over. */
async function waitFor(
  outlook: Outlook,
  known: readonly KnownPeer[],
  awaited: Awaitable,
  ms: number,
  differs: (known: readonly KnownPeer[]) => boolean,
): Promise<readonly KnownPeer[] | undefined> {
  const since = performance.now();
  const phase = outlook.company.talk.phase("Waiting", words(awaited, ms));
  let now = known;
  let looks = 0;
  const changed = await poll(ms, ASK_EVERY_MS, async () => {
    looks += 1;
    // Mostly who is waited for; now and then all, since another one may be faster.
    const all = awaited.kind === "unsettled" || looks % 5 === 0;
    now = await lookAgain(outlook, now, all ? undefined : awaited.addresses);
    if (differs(now)) return now;
    if (awaited.kind !== "join") return undefined;
    const other = await joiner(awaited, now);
    if (other !== undefined) phase.doing(`${other} is joining "${awaited.cluster}", waiting for it`);
    // It went without leaving the cluster whole: what it left is told.
    return other === undefined ? now : undefined;
  });
  const seconds = Math.round((performance.now() - since) / 1000);
  if (changed) phase.ok(done(awaited));
  else phase.warn(`${words(awaited, ms)}: in vain for ${seconds} s`);
  return changed;
}

function words(awaited: Awaitable, ms: number): string {
  const most = `for at most ${ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${Math.ceil(ms / 1000)} s`}`;
  switch (awaited.kind) {
    case "founder":
      return `${awaited.name} goes first: waiting until tailmox up there has created the cluster, ${most}`;
    case "join":
      return `another host is joining "${awaited.cluster}": waiting for it, ${most}`;
    case "unsettled":
      return `asking ${awaited.names.join(", ")} again, ${most}: others may be starting, too`;
  }
}

function done(awaited: Awaitable): string {
  switch (awaited.kind) {
    case "founder":
      return `${awaited.name} has made up its mind`;
    case "join":
      return `the join to "${awaited.cluster}" is over`;
    case "unsettled":
      return `${awaited.names.join(", ")} answered`;
  }
}

/** Who is joining that cluster now, by the lock on its member. */
async function joiner(awaited: Awaited, known: readonly KnownPeer[]): Promise<string | undefined> {
  const shells = known.filter(({ peer }) => awaited.addresses.includes(peer.address)).map(shellOf);
  const [shell] = shells;
  return shell && joiningNow(shell).catch(() => undefined);
}

function shellOf({ contact }: KnownPeer): Host | undefined {
  return contact.shell;
}

/** Two decisions are the same while they would wait for the same. */
function key(decision: Decision): string {
  return JSON.stringify([decision.kind, awaitedBy(decision)]);
}
