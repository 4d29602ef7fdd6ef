/** What a corosync wrote down, ms since 1970 (its clock has steps of 4 ms). */
export type Entry =
  | { readonly at: number; readonly what: "ring"; readonly ring: string }
  /** The members of a ring as the quorum service tells them, and whether they may act. */
  | { readonly at: number; readonly what: "members"; readonly members: readonly number[] }
  | { readonly at: number; readonly what: "usable" }
  | { readonly at: number; readonly what: "token lost" }
  | { readonly at: number; readonly what: "link down"; readonly peer: number };

/** Reads a log with hires timestamps; lines of other matters are passed over. Texts: corosync.md 13. */
export function parseJournal(text: string, now = new Date()): Entry[] {
  return text.split("\n").flatMap((line) => {
    const stamp = /^(\w{3} [ \d]\d \d\d:\d\d:\d\d)(\.\d+) /.exec(line);
    if (!stamp) return [];
    const at = Date.parse(`${stamp[1]} ${now.getFullYear()}`) + Number(stamp[2]) * 1000;
    const entry = entryOf(line);
    return entry ? [{ at, ...entry }] : [];
  });
}

type Unstamped = Entry extends infer One ? (One extends Entry ? Omit<One, "at"> : never) : never;

function entryOf(line: string): Unstamped | undefined {
  const ring = /A new membership \((\w+\.\w+)\) was formed/.exec(line)?.[1];
  if (ring !== undefined) return { what: "ring", ring };
  const members = /\[QUORUM\] Members\[\d+\]:([ \d]*)/.exec(line)?.[1];
  if (members !== undefined) {
    return { what: "members", members: members.trim().split(/ +/).filter(Boolean).map(Number) };
  }
  if (line.includes("Completed service synchronization")) return { what: "usable" };
  if (line.includes("A processor failed, forming new configuration")) return { what: "token lost" };
  const peer = /link: host: (\d+) link: 0 is down/.exec(line)?.[1];
  return peer === undefined ? undefined : { what: "link down", peer: Number(peer) };
}
