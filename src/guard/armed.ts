import { z } from "zod";
import type { Reader } from "../host/host.ts";
import { parseJson } from "../host/json.ts";
import { ARMED_FILE, REPORT_FILE } from "./places.ts";

/** What the guard has to know to put this host back without any help. */
const armedJson = z.object({
  node: z.string(),
  cluster: z.string(),
  /** The systemd unit that pvecm runs in. */
  unit: z.string(),
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
