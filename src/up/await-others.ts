import { type Awaited, awaitedBy } from "../cluster/awaited.ts";
import type { Decision } from "../cluster/decide.ts";
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
  for (;;) {
    const decision = decide(known);
    const awaited = withoutLock(awaitedBy(decision), known);
    if (!awaited) return { decision, known };
    const leftMs = () => deadline - performance.now();
    if (leftMs() <= 0 || (awaited.kind === "join" && (await joiner(awaited, known)) === undefined)) {
      return { decision, known };
    }
    const differs = (now: readonly KnownPeer[]) => key(decide(now)) !== key(decision);
    const others = awaited.kind === "admission" ? awaited.first : awaited;
    const settled = others && (await waitFor(outlook, known, others, leftMs(), differs));
    const changed =
      settled ?? (awaited.kind === "admission" ? await awaitAdmission(outlook, known, leftMs()) : undefined);
    if (!changed) return { decision, known };
    known = await lookAgain(outlook, changed, { retry: true });
  }
}

/** A restart of pve-cluster with a new certificate takes 5 to 10 s. */
const UNSETTLED_MS = 20_000;
/** On a slow machine with five hosts that start at once one look takes that long by itself. */
const LEAST_LOOKS = 3;
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
  const [windowMs, leastLooks] = patience(awaited, ms);
  const phase = outlook.company.talk.phase("Waiting", words(awaited, windowMs));
  let now = known;
  for (let looks = 1; ; looks++) {
    if (awaited.kind === "unsettled") now = await lookAgain(outlook, now, { retry: true });
    // Mostly who is waited for; now and then all, since another one may be faster.
    else now = await lookAgain(outlook, now, looks % 5 === 0 ? {} : { only: awaited.addresses });
    const other = awaited.kind === "join" ? await joiner(awaited, now) : undefined;
    // A joiner that went without leaving the cluster whole: what it left is told.
    if (differs(now) || (awaited.kind === "join" && other === undefined)) {
      phase.ok(done(awaited));
      return now;
    }
    if (other !== undefined) phase.doing(`${other} is joining, waiting for it`);
    const waitedMs = performance.now() - since;
    if (waitedMs >= ms || (waitedMs >= windowMs && looks >= leastLooks)) break;
    await Bun.sleep(ASK_EVERY_MS);
  }
  const seconds = Math.round((performance.now() - since) / 1000);
  phase.warn(`${words(awaited, windowMs)}: in vain for ${seconds} s`);
  return undefined;
}

/** For how long, and for how many looks at least. */
function patience(awaited: Awaitable, ms: number): readonly [number, number] {
  if (awaited.kind !== "unsettled") return [ms, 1];
  return awaited.once ? [0, 1] : [Math.min(ms, UNSETTLED_MS), LEAST_LOOKS];
}

function words(awaited: Awaitable, ms: number): string {
  const most = `for at most ${ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${Math.ceil(ms / 1000)} s`}`;
  switch (awaited.kind) {
    case "founder":
      return `${awaited.name} goes first: waiting until tailmox up there has created the cluster, ${most}`;
    case "join":
      return `another host is joining "${awaited.cluster}": waiting for it, ${most}`;
    case "unsettled":
      return `asking ${awaited.names.join(", ")} again, ${awaited.once ? "once" : most}: others may be starting, too`;
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

/** Where the lock of joins cannot be looked at, votes that are missing may be those of a host that joins. */
function withoutLock(awaited: Awaited | undefined, known: readonly KnownPeer[]): Awaited | undefined {
  if (awaited?.kind !== "join" || keeperOf(awaited, known)?.contact.shell) return awaited;
  const { addresses } = awaited;
  return { kind: "unsettled", names: [`"${awaited.cluster}"`], addresses };
}

/** Who is joining that cluster now, by the lock on its member. */
async function joiner(awaited: Awaited, known: readonly KnownPeer[]): Promise<string | undefined> {
  const shell = keeperOf(awaited, known)?.contact.shell;
  return shell && joiningNow(shell).catch(() => undefined);
}

function keeperOf({ addresses }: Awaited, known: readonly KnownPeer[]): KnownPeer | undefined {
  return known.find(({ peer }) => addresses.includes(peer.address));
}

/** Two decisions are the same while they would wait for the same. */
function key(decision: Decision): string {
  return JSON.stringify([decision.kind, awaitedBy(decision)]);
}
