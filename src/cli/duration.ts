import { z } from "zod";

/** A time such as 500ms, 60s, 10m or 1h, between two bounds; in ms. */
export function durationFlag(leastMs: number, mostMs: number) {
  return z
    .string()
    .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h)$/, "give a time with its unit, such as 60s or 10m")
    .transform((text) => Number.parseFloat(text) * (UNITS[text.replace(/^[\d.]+/, "")] ?? 1))
    .refine((ms) => ms >= leastMs && ms <= mostMs, `between ${words(leastMs)} and ${words(mostMs)}`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function words(ms: number): string {
  return ms >= 60_000 ? `${ms / 60_000} minutes` : `${ms / 1000} seconds`;
}
