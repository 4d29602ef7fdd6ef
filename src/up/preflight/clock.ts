import type { Finding } from "../../cluster/facts.ts";
import type { ClockSkew } from "../../host/clock.ts";

/**
 * Whatever keeps a clock, keeps it to well under a second, so that this much means that nothing does. Proxmox refuses
 * the logins of another node from five minutes on, and judges locks of HA by file times.
 */
export const MOST_SKEW_MS = 5_000;

/** Only what lies beyond the accuracy of the look is held against a clock. */
export function clockWarnings(skew: ClockSkew | undefined): Finding[] {
  if (!skew || Math.abs(skew.aheadMs) - skew.accuracyMs <= MOST_SKEW_MS) return [];
  const seconds = (ms: number) => `${(Math.abs(ms) / 1000).toFixed(0)} s`;
  return [
    {
      check: "clock",
      what:
        `its clock is ${seconds(skew.aheadMs)} ${skew.aheadMs > 0 ? "ahead of" : "behind"} this host's ` +
        `(to ${(skew.accuracyMs / 1000).toFixed(1)} s)`,
      likely: "nothing keeps the clock of one of the two: logins between them fail when it drifts on",
      mend: "timedatectl, on both; where it is not synchronised: apt-get install chrony",
    },
  ];
}
