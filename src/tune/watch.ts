import type { Reader } from "../host/host.ts";
import { stopAsked } from "../host/interrupt.ts";
import { faults, type MemberState, readMember } from "./members.ts";

/** So long nothing may happen before settings count as good. */
export const QUIET_MS = 20_000;

/** What came of watching the ring. */
export type Watched =
  | { readonly kind: "quiet"; readonly ringsFormed: number; readonly linkDowns: number }
  | { readonly kind: "bad"; readonly why: string };

export interface WatchSpec {
  readonly conf: string;
  readonly settings: Parameters<typeof faults>[1]["settings"];
  /** Counted before the change. */
  readonly before: Counts;
  /** By performance.now(). */
  readonly deadline: number;
  /** Where a member has this text its guard has taken the settings back: there is nothing to wait for. */
  readonly back: string;
}

export interface Counts {
  readonly ringsFormed: number;
  readonly linkDowns: number;
}

/**
 * Looks at all members every 2 s until for 20 s each had the file, the timers, quorum, all members and all links, and
 * no ring was formed and no link called down. `stuck` is told once when only timers are
 * wrong for 5 s: they may lag one reload.
 */
export async function watchRing(
  readers: readonly Reader[],
  spec: WatchSpec,
  { doing, stuck }: { doing: (words: string) => void; stuck: () => Promise<void> },
): Promise<Watched> {
  let [quietSince, counted] = [performance.now(), spec.before];
  let onlyTimersSince: number | undefined;
  let reloaded = false;
  for (;;) {
    const members = await Promise.all(readers.map(readMember));
    const wrong = faults(members, spec);
    const counts = countsOf(members);
    const now = performance.now();
    if (
      wrong.length > 0 ||
      counts.ringsFormed !== counted.ringsFormed ||
      counts.linkDowns !== counted.linkDowns
    ) {
      quietSince = now;
    }
    counted = counts;
    if (now - quietSince >= QUIET_MS) {
      return {
        kind: "quiet",
        ringsFormed: counts.ringsFormed - spec.before.ringsFormed,
        linkDowns: counts.linkDowns - spec.before.linkDowns,
      };
    }
    const backOn = members.find(({ conf }) => conf === spec.back);
    if (backOn) return { kind: "bad", why: `${backOn.name} lost its quorum for 20 s and took them back` };
    if (stopAsked()) return { kind: "bad", why: "you stopped it" };
    if (now > spec.deadline) {
      return {
        kind: "bad",
        why: wrong[0] ?? "the ring did not stay quiet for 20 s: members or links came and went",
      };
    }
    const onlyTimers = wrong.length > 0 && wrong.every((fault) => fault.includes("runtime."));
    onlyTimersSince = onlyTimers ? (onlyTimersSince ?? now) : undefined;
    const lagMs = now - (onlyTimersSince ?? now);
    if (lagMs > 15_000) return { kind: "bad", why: `corosync does not take them: ${wrong[0]}` };
    if (lagMs > 5_000 && !reloaded) {
      reloaded = true;
      await stuck();
    }
    const seconds = Math.ceil((QUIET_MS - (now - quietSince)) / 1000);
    doing(wrong[0] ?? `quiet; ${seconds} s more`);
    await Bun.sleep(2_000);
  }
}

export function countsOf(members: readonly MemberState[]): Counts {
  return {
    ringsFormed: members.reduce((sum, member) => sum + member.ringsFormed, 0),
    linkDowns: members.reduce((sum, member) => sum + member.linkDowns, 0),
  };
}
