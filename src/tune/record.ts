import { z } from "zod";
import { UserError } from "../errors.ts";
import type { Reader, Writer } from "../host/host.ts";
import { parseJson } from "../host/json.ts";
import { TUNE_RECORD } from "./guard-script.ts";
import { putFile } from "./publish.ts";

const values = z.record(z.string(), z.int().min(0).nullable());
const edit = z.object({ totem: values, link: values });
const recordJson = z.object({
  schemaVersion: z.literal(1),
  id: z.string(),
  time: z.string(),
  by: z.string(),
  old: edit,
  new: edit,
});

/** The last tuning that was confirmed: what it set, and what had stood there before. */
export type TuneRecord = z.output<typeof recordJson>;

/**
 * The confirmation: one file of /etc/pve, written whole under another name and renamed, so that every member sees it
 * or none does. The guards look for `"id": "ID"` in it.
 */
export async function writeRecord(writer: Writer, record: TuneRecord): Promise<void> {
  const unfinished = `${TUNE_RECORD}.new`;
  await putFile(writer, unfinished, `${JSON.stringify(record, null, 2)}\n`);
  const { exitCode, stderr } = await writer.run(["mv", "-f", "-T", unfinished, TUNE_RECORD], {
    timeoutMs: 30_000,
  });
  if (exitCode === 0) return;
  throw new UserError("E_TUNE_WRITE", "the confirmation could not be written to /etc/pve", {
    likely: stderr.trim() || "quorum was lost at this moment",
    mend: "pvecm status; without it the guards take the settings back",
  });
}

/** The last tuning of this cluster. Throws E_TUNE_NO_RECORD. */
export async function readRecord(reader: Reader): Promise<TuneRecord> {
  const text = await reader.text(TUNE_RECORD);
  const parsed = recordJson.safeParse(parseJson(text ?? ""));
  if (parsed.success) return parsed.data;
  throw new UserError("E_TUNE_NO_RECORD", "there is no tuning of this cluster to undo", {
    likely: text === undefined ? "tailmox tune was never confirmed here" : `${TUNE_RECORD} is damaged`,
    mend: "tailmox tune --to pve-9 sets Proxmox's defaults",
  });
}
