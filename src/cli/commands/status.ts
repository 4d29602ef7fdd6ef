import { z } from "zod";
import type { Host } from "../../host/host.ts";
import { type MemberStatus, readStatus, type StatusReport } from "../../status/status.ts";
import { milliseconds, pathWords } from "../../up/preflight-table.ts";
import { alignColumns } from "../../up/table.ts";
import { assertRoot } from "../assert-root.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { lookFlags, lookHere } from "../look.ts";
import { errorEnvelope, errorLines } from "../report-error.ts";
import { wrap } from "../wrap.ts";

const statusFlags = lookFlags.extend({ watch: z.boolean().default(false) });

/** `tailmox status`: one screen, or JSON; with --watch again and again. Gives the exit status. */
export async function runStatus(raw: unknown): Promise<number> {
  const flags = parseFlags(statusFlags, raw);
  assertRoot();
  const here = lookHere(flags);
  if (flags.watch) return watch(here, flags.json);
  const report = await readStatus(here);
  console.log(flags.json ? envelope({ ok: true, result: report }) : statusLines(report).join("\n"));
  return 0;
}

/** Until Ctrl-C. What cannot be read now, perhaps because Proxmox restarts, is said, and looked at again. */
async function watch(here: Host, json: boolean): Promise<number> {
  for (;;) {
    const seen = await readStatus(here).then(
      (result) => ({ json: envelope({ ok: true, result }), lines: statusLines(result) }),
      (error: unknown) => ({ json: errorEnvelope(error), lines: errorLines(error) }),
    );
    if (json) console.log(seen.json);
    else show(seen.lines);
    await Bun.sleep(WATCH_MS);
  }
}

const WATCH_MS = 3_000;

/** In place on a terminal, one below the other elsewhere. */
function show(lines: readonly string[]): void {
  const time = new Date().toTimeString().slice(0, 8);
  const clear = process.stdout.isTTY ? "\x1b[H\x1b[2J" : "";
  console.log(`${clear}${lines.join("\n")}\n${time}, again in ${WATCH_MS / 1000} s; Ctrl-C ends it\n`);
}

/** The report for people: verdict first, then a row for each member. */
export function statusLines({ node, pve, tailnet, cluster }: StatusReport): string[] {
  const own = `${node}, Proxmox VE ${pve}; Tailscale ${tailnet.version ?? ""} ${tailnet.state}`.trimEnd();
  if (!cluster) return [`${own}, ${tailnet.address ?? "no address"}`, "Not in a cluster.  Next: tailmox up"];
  const { name, quorate, presentVotes, expectedVotes, mayLose } = cluster;
  const verdict = quorate ? "quorate" : "NOT QUORATE";
  const rows = cluster.members.map(memberRow);
  return [
    `${name}  ${verdict}  ${presentVotes} of ${expectedVotes} votes, may lose ${mayLose}`,
    ...alignColumns([
      ["id", "host", "address", "path", "RTT", "loss", "link", "Proxmox", "Tailscale"],
      ...rows,
    ]),
    ...cluster.findings.flatMap((words) => wrap(words, "!! ", "   ")),
    own,
  ];
}

function memberRow(member: MemberStatus): string[] {
  const { id, name, here, online, address, path, rttMs, loss, link, version, tailscale } = member;
  const versions = [version ?? "?", tailscale?.version ?? "?"];
  if (here) return [String(id), name, address, "here", "", "", "", ...versions];
  return [
    String(id),
    name,
    address,
    pathWords(path),
    milliseconds(rttMs ?? undefined),
    loss === null ? "-" : `${Math.round(loss * 100)} %`,
    online ? (link === "down" ? "!! down" : "up") : "!! away",
    ...versions,
  ];
}
