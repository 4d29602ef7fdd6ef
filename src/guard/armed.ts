import { z } from "zod";
import type { Reader, Writer } from "../host/host.ts";
import { parseJson } from "../host/json.ts";
import { ARMED_FILE, REPORT_FILE } from "./places.ts";
import { AFTER_BOOT_S } from "./units.ts";

/** What the guard has to know to put this host back without any help. */
const armedJson = z.object({
  node: z.string(),
  cluster: z.string(),
  /** The systemd unit that pvecm runs in. */
  unit: z.string(),
  /** The scope of the run that joins; absent once that run itself lets the guard restore the host. */
  applyUnit: z.string().optional(),
  /** The folder with the copies. */
  copies: z.string(),
  /** Files and folders that have a copy there. */
  saved: z.array(z.string()),
  /** Files that were not there when the copies were made. */
  absent: z.array(z.string()),
  /** ISO 8601. */
  armedAt: z.string(),
  /** When it fires, unless the host is switched off before. ISO 8601. */
  firesAt: z.string(),
});

export type Armed = z.infer<typeof armedJson>;

/** What the guard guards; undefined when none is armed. */
export async function readArmed(reader: Reader): Promise<Armed | undefined> {
  const text = await reader.text(ARMED_FILE);
  return text === undefined ? undefined : armedJson.safeParse(parseJson(text)).data;
}

/** Written as a whole: half of it would guard nothing. */
export async function writeArmed(writer: Writer, armed: Armed): Promise<void> {
  await writer.write(ARMED_FILE, `${JSON.stringify(armed, null, 1)}\n`, 0o600);
}

/** When an armed guard fires. A time that is past was forgotten by a reboot; then the boot's timer counts. */
export function whenItFires({ firesAt }: Armed, now = new Date()): string {
  const time = new Date(firesAt);
  return time > now ? `at ${time.toTimeString().slice(0, 8)}` : `${AFTER_BOOT_S} s after its boot`;
}

const reportJson = z.object({
  /** `kept`: the host was a quorate member. `untouched`: the join had replaced nothing. */
  outcome: z.enum(["restored", "kept", "untouched", "failed"]),
  node: z.string(),
  cluster: z.string(),
  /** When: ISO 8601. */
  at: z.string(),
  /** Files of /etc/pve that are as they were before the join. */
  files: z.number(),
  /** Files of /etc/pve that are not: changed, missing or new. */
  differing: z.array(z.string()),
  copies: z.string(),
  /** In words, where something went wrong. */
  trouble: z.string().optional(),
});

export type GuardReport = z.infer<typeof reportJson>;

/** What the guard did last; undefined when it did nothing that was not told yet. */
export async function readReport(reader: Reader): Promise<GuardReport | undefined> {
  const text = await reader.text(REPORT_FILE);
  return text === undefined ? undefined : reportJson.safeParse(parseJson(text)).data;
}
