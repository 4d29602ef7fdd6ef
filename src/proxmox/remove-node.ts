import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host, Writer } from "../host/host.ts";
import { type PvecmStatus, parsePvecmStatus } from "./pvecm-status.ts";
import type { Session } from "./rest.ts";

/**
 * Takes a node that is off or separated out of the cluster's configuration, by root on `member`. A member that
 * is alone at 1 of 2 votes is told to expect one vote first: without quorum nothing can be written, and nobody
 * else is there that could decide otherwise. Throws E_DELNODE. Source: proxmox.md 6.3, 6.4.
 */
export async function removeNode(member: Host, node: string): Promise<void> {
  const change = { what: `pvecm delnode ${node}`, undo: `tailmox up on ${node}` };
  await member.change(change, async (writer) => {
    const status = await readStatus(writer);
    if (status && !status.quorate) await expectOne(writer, status, node);
    let words = "";
    // pmxcfs notices a new quorum within some seconds.
    const gone = await poll(20_000, 1_000, async () => {
      const result = await writer.run(["pvecm", "delnode", node], { timeoutMs: 30_000 });
      words = result.stderr.trim().split("\n").at(-1) ?? "";
      const unknown = words.includes("is not a known host of the cluster");
      return result.exitCode === 0 || unknown ? true : undefined;
    });
    if (!gone) throw failed(member.name, node, words);
  });
}

/** The same by a member's REST API, which cannot change the expected votes. Throws E_DELNODE. */
export async function removeNodeByApi(
  host: Host,
  session: Session,
  { node, member }: { node: string; member: string },
): Promise<void> {
  const change = {
    what: `take ${node} out of the cluster, through ${member}`,
    undo: `tailmox up on ${node}`,
  };
  await host.change(change, async () => {
    try {
      await session.delete(`/cluster/config/nodes/${node}`);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw failed(member, node, words);
    }
  });
}

/** Only where two are listed and this member is the one that is there: two partitions must never both be told. */
async function expectOne(writer: Writer, status: PvecmStatus, node: string): Promise<void> {
  if (status.expectedVotes !== 2 || status.totalVotes !== 1) {
    throw failed(writer.name, node, `${status.totalVotes} of ${status.expectedVotes} votes are there`);
  }
  const result = await writer.run(["pvecm", "expected", "1"], { timeoutMs: 20_000 });
  if (result.exitCode !== 0) throw failed(writer.name, node, result.stderr.trim());
}

async function readStatus(writer: Writer): Promise<PvecmStatus | undefined> {
  const { stdout } = await writer.run(["pvecm", "status"], { timeoutMs: 20_000 });
  return parsePvecmStatus(stdout);
}

function failed(member: string, node: string, words: string): UserError {
  const quorum = /no quorum|Permission denied|not ready/.test(words);
  return new UserError("E_DELNODE", `${member} could not take ${node} out of the cluster: ${words}`, {
    likely: quorum
      ? "it is alone without a quorum, and only root's ssh could tell it to expect one vote"
      : "its own words are above",
    mend: `on ${member}, only if it is not quorate: pvecm expected 1; then: pvecm delnode ${node}`,
  });
}
