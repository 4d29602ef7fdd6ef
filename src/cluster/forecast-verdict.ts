import type { BeyondMeasured } from "./beyond-measured.ts";
import type { RingFigures } from "./ring-figures.ts";
import { OUTAGE_LIMIT_MS, OUTAGE_LIMIT_WITHOUT_HA_MS, WATCHDOG_MS } from "./tuned.ts";

export type Colour = "green" | "amber" | "red";

/** Changes a day: green below, and red from (corosync.md 7, step 7). */
export const GREEN_BELOW = 0.1;
export const RED_FROM = 24;
/** From here every click in the web interface is felt, and from here waited for. */
const SLOW_FILE_CHANGE_MS = 500;

export interface Verdict {
  colour: Colour;
  /** What speaks against green, worst first. */
  reasons: { colour: Colour; text: string }[];
}

/** Judges a ring from its figures and the changes a day: likely, and at the end of what was measured. */
export function verdictOf(
  figures: RingFigures,
  changes: { mean: number; highByMeasurement: number },
  { ha, beyond = {} }: { ha: boolean; beyond?: BeyondMeasured },
): Verdict {
  const reasons: Verdict["reasons"] = figures.impossible.map((text) => ({
    colour: "red",
    text: `no ring: ${text}`,
  }));
  const add = (colour: Colour, text: string) => reasons.push({ colour, text });
  if (figures.impossible.length === 0) {
    if (changes.mean >= RED_FROM) add("red", `${perTime(changes.mean)}: it would hardly stay together`);
    else if (changes.mean >= GREEN_BELOW) add("amber", `${perTime(changes.mean)} are expected`);
    else if (changes.highByMeasurement >= GREEN_BELOW) {
      add("amber", `what was measured of the loss leaves ${perTime(changes.highByMeasurement)} possible`);
    }
  }
  const { crash } = figures.outageMs;
  const crashText = `a power cut of one host stops all writes for ${Math.round(crash / 1000)} s`;
  if (ha && crash > OUTAGE_LIMIT_MS) {
    add(
      "red",
      `${crashText}; HA resets hosts at ${WATCHDOG_MS / 1000} s, so ${OUTAGE_LIMIT_MS / 1000} s is the limit`,
    );
  } else if (crash > OUTAGE_LIMIT_WITHOUT_HA_MS) add("red", crashText);
  else if (crash > OUTAGE_LIMIT_MS) add("amber", `${crashText}: too long for HA`);
  if (figures.fileChangeMs >= SLOW_FILE_CHANGE_MS) {
    add(
      "amber",
      `a small change in /etc/pve takes ${(figures.fileChangeMs / 1000).toFixed(1)} s, so every click is slow`,
    );
  }
  if (beyond.loss !== undefined) add("amber", beyond.loss);
  reasons.sort((a, b) => RANK[b.colour] - RANK[a.colour]);
  return { colour: reasons[0]?.colour ?? "green", reasons };
}

/** `3.1 membership changes an hour`, in the unit that gives a number one can picture. */
export function perTime(perDay: number): string {
  const [figure, unit] = ratePerTime(perDay);
  return figure === "0" ? "no membership change in years" : `${figure} membership changes ${unit}`;
}

/** The figure and its unit apart. */
export function ratePerTime(perDay: number): [figure: string, unit: string] {
  if (perDay >= 24) return [figure(perDay / 24), "an hour"];
  if (perDay >= 1) return [figure(perDay), "a day"];
  if (perDay * 30 >= 0.1) return [figure(perDay * 30), "a month"];
  return perDay * 365 >= 0.05 ? [figure(perDay * 365), "a year"] : ["0", "a year"];
}

const RANK = { green: 0, amber: 1, red: 2 } as const;

function figure(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}
