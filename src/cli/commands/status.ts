import { type MemberStatus, readStatus, type StatusReport } from "../../status/status.ts";
import { milliseconds, pathWords } from "../../up/preflight-table.ts";
import { alignColumns } from "../../up/table.ts";
import { assertRoot } from "../assert-root.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { lookFlags, lookHere } from "../look.ts";
import { wrap } from "../wrap.ts";

/** `tailmox status`: one screen, or JSON. Gives the exit status. */
export async function runStatus(raw: unknown): Promise<number> {
  const flags = parseFlags(lookFlags, raw);
  assertRoot();
  const report = await readStatus(lookHere(flags));
  console.log(flags.json ? envelope({ ok: true, result: report }) : statusLines(report).join("\n"));
  return 0;
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
    ...alignColumns([["id", "host", "address", "path", "RTT", "loss", "link", "version"], ...rows]),
    ...cluster.findings.flatMap((words) => wrap(words, "!! ", "   ")),
    own,
  ];
}

function memberRow({ id, name, here, online, address, path, rttMs, loss, version }: MemberStatus): string[] {
  if (here) return [String(id), name, address, "here", "", "", "", version ?? "?"];
  return [
    String(id),
    name,
    address,
    pathWords(path),
    milliseconds(rttMs ?? undefined),
    loss === null ? "-" : `${Math.round(loss * 100)} %`,
    online ? "up" : "!! away",
    version ?? "?",
  ];
}
