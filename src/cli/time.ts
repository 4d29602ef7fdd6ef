import { UserError } from "../errors.ts";

/** Milliseconds of "90s", "30m", "12h" or "7d". Throws E_USAGE in the name of the flag. */
export function parseTime(text: string, flag: string): number {
  const [, number, unit = ""] = /^(\d{1,6})(s|m|h|d)$/.exec(text) ?? [];
  const ms = UNITS[unit];
  if (number !== undefined && ms !== undefined) return Number(number) * ms;
  throw new UserError("E_USAGE", `${flag}: "${text}" is no time`, {
    likely: "the unit is missing",
    mend: "a number with s, m, h or d: 90s, 30m, 12h, 7d",
  });
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
