import { InvalidArgumentError } from "commander";

/** `120ms`, `1.5s` or a bare number of ms, in ms. */
export function parseMilliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(text);
  if (!match?.[1]) throw new InvalidArgumentError("a time like 120ms or 1.5s is wanted.");
  return Number(match[1]) * (match[2] === "s" ? 1000 : 1);
}

/** `1%` or `0.01`, as a fraction 0..1. */
export function parseFraction(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%)?$/.exec(text);
  const fraction = match?.[1] ? Number(match[1]) / (match[2] ? 100 : 1) : Number.NaN;
  if (!(fraction >= 0 && fraction <= 1)) throw new InvalidArgumentError("a share like 1% or 0.01 is wanted.");
  return fraction;
}

/** `20Mbit`, `500kbit` or a bare number of Mbit/s, in Mbit/s. */
export function parseMbit(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(kbit|mbit|gbit)?$/i.exec(text);
  if (!match?.[1] || Number(match[1]) === 0) throw new InvalidArgumentError("a rate like 20Mbit is wanted.");
  const scale = { kbit: 0.001, mbit: 1, gbit: 1000 }[match[2]?.toLowerCase() ?? "mbit"] ?? 1;
  return Number(match[1]) * scale;
}
