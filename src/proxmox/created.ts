import { z } from "zod";
import type { Reader, Writer } from "../host/host.ts";
import { parseJson } from "../host/json.ts";

/** Who made this host's cluster, and when; and how far it is taken apart again. */
const createdJson = z.object({
  cluster: z.string(),
  /** What made it. */
  by: z.string(),
  /** ISO 8601. */
  at: z.string(),
  /** The folder with the copies, while the cluster is dissolved. */
  dissolving: z.string().optional(),
});

export type Created = z.infer<typeof createdJson>;

/** What `tailmox up` noted when it made this host's cluster; undefined when it made none. */
export async function readCreated(reader: Pick<Reader, "text">): Promise<Created | undefined> {
  const text = await reader.text(CREATED_FILE);
  return text === undefined ? undefined : createdJson.safeParse(parseJson(text)).data;
}

export async function noteCreated(writer: Writer, created: Created): Promise<void> {
  await writer.write(CREATED_FILE, `${JSON.stringify(created, null, 1)}\n`, 0o600);
}

export async function forgetCreated(writer: Writer): Promise<void> {
  await writer.remove(CREATED_FILE);
}

/** Whether `tailmox up` made this cluster within the last hour, by the clock of who asks. */
export async function isYoung(
  reader: Pick<Reader, "text">,
  cluster: string,
  now = Date.now(),
): Promise<boolean> {
  const created = await readCreated(reader);
  if (created?.cluster !== cluster) return false;
  const ageMs = now - Date.parse(created.at);
  // Clocks of two hosts differ by seconds; one that is minutes ahead is wrong, and tells nothing.
  return ageMs > -60_000 && ageMs < 3_600_000;
}

const CREATED_FILE = "/var/lib/tailmox/created.json";
