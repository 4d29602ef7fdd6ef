import { randomUUID } from "node:crypto";
import { poll } from "../host/deadline.ts";
import type { Host, Reader } from "../host/host.ts";

/** What came of writing a file to /etc/pve here and reading it elsewhere. */
export interface WrittenEverywhere {
  /** From the end of the write until the last of those below had it, ssh included. */
  readonly ms: number;
  readonly readOn: readonly string[];
  /** They answer, and do not have it after 20 s. */
  readonly missingOn: readonly string[];
  /** They could not be asked. */
  readonly unknown: readonly string[];
}

/** Writes a file to /etc/pve, reads it on other members, and takes it away again. Throws when it cannot be written. */
export async function writtenEverywhere(
  host: Host,
  node: string,
  witnesses: readonly Reader[],
  patienceMs = 20_000,
): Promise<WrittenEverywhere> {
  // Never there before: what another host has looked for in vain it may not see for a second (proxmox.md 2.1).
  const text = randomUUID();
  const path = `/etc/pve/tailmox-verify-${node}-${text.slice(0, 8)}`;
  const change = { what: "a file in /etc/pve, to see who reads it", undo: `rm ${path}` };
  await host.change(change, (writer) => writer.write(path, `${text}\n`, 0o640));
  const written = performance.now();
  const seen = await Promise.all(
    witnesses.map(
      async (witness) => [witness.name, await isRead(witness, path, `${text}\n`, patienceMs)] as const,
    ),
  );
  const ms = performance.now() - written;
  await host.change({ what: `remove ${path}`, undo: "nothing" }, (writer) => writer.remove(path));
  const named = (wanted: boolean | undefined) =>
    seen.filter(([, read]) => read === wanted).map(([name]) => name);
  return { ms, readOn: named(true), missingOn: named(false), unknown: named(undefined) };
}

/** undefined: it could not be asked to the end. */
async function isRead(
  witness: Reader,
  path: string,
  text: string,
  patienceMs: number,
): Promise<boolean | undefined> {
  let answers = true;
  const read = await poll(patienceMs, 100, async () => {
    // Creating and filling are two messages: until the second has come it is empty.
    const found = await witness.text(path).then(
      (now) => ({ now }),
      () => undefined,
    );
    answers = found !== undefined;
    return found?.now === text ? true : undefined;
  });
  return read ?? (answers ? false : undefined);
}
