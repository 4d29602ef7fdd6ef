import type { Reader } from "./host.ts";

/** Whether something keeps this host's clock right; "unknown" where systemd does not say. */
export type ClockKept = "synchronised" | "not synchronised" | "unknown";

/** Asks systemd, which asks the kernel: chrony, timesyncd and ntpd all tell it. */
export async function readClockKept(reader: Reader): Promise<ClockKept> {
  const argv = ["timedatectl", "show", "--property=NTPSynchronized"] as const;
  const { stdout } = await reader.run(argv, { timeoutMs: 10_000 });
  return parseClockKept(stdout);
}

export function parseClockKept(text: string): ClockKept {
  const value = /^NTPSynchronized=(yes|no)$/m.exec(text)?.[1];
  if (value === undefined) return "unknown";
  return value === "yes" ? "synchronised" : "not synchronised";
}
