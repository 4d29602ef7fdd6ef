import type { Cluster, Member } from "../cluster/facts.ts";
import { linkElsewhere } from "../cluster/link-elsewhere.ts";
import { type KnetStats, knetStats, parseCmap } from "../corosync/cmap.ts";
import type { Host, Reader } from "../host/host.ts";
import { pingHost } from "../host/ping.ts";
import { rttFigures } from "../latency/figures.ts";
import { readMemberVersion } from "../proxmox/member-version.ts";
import { type OwnNode, readOwnNode } from "../proxmox/own-node.ts";
import { readPlace } from "../proxmox/place.ts";
import { readTailnet, type TailnetFacts } from "../tailnet/facts.ts";
import { wakePath } from "../tailnet/ping.ts";
import type { Path } from "../tailnet/status.ts";
import { refusalError } from "../up/refusal.ts";
import { memberFindings } from "./findings.ts";
import { haRisk } from "./ha-risk.ts";
import { describeTailscaled, type Tailscaled, tailscaledOf } from "./tailscale-on.ts";

export interface MemberStatus {
  readonly id: number;
  readonly name: string;
  readonly here: boolean;
  readonly online: boolean;
  readonly address: string;
  /** What Proxmox publishes for it; null when it has not. */
  readonly published: string | null;
  readonly path: Path;
  /** Median round trip from here in ms; null without an answer. */
  readonly rttMs: number | null;
  /** Lost share of the echoes, 0..1; null for this host. */
  readonly loss: number | null;
  /** As knet of this host sees it; null for this host, and where corosync does not tell. */
  readonly link: "up" | "down" | null;
  /** Of Proxmox; null when it did not tell. */
  readonly version: string | null;
  /** null where root's ssh does not lead there. */
  readonly tailscale: Tailscaled | null;
}

/** The `result` of `tailmox status --json`. */
export interface StatusReport {
  readonly node: string;
  readonly pve: string;
  readonly tailnet: {
    readonly state: string;
    readonly address: string | null;
    readonly version: string | null;
  };
  /** null when this host is in no cluster. */
  readonly cluster: {
    readonly name: string;
    readonly quorate: boolean;
    readonly presentVotes: number;
    readonly expectedVotes: number;
    /** How many votes may be lost before the rest is no majority. */
    readonly mayLose: number;
    readonly members: readonly MemberStatus[];
    /** What should be mended, in words. */
    readonly findings: readonly string[];
  } | null;
}

/** Looks at the cluster from this host, all members at once; about 2 s. Changes nothing. */
export async function readStatus(here: Host): Promise<StatusReport> {
  const own = await readOwnNode(here);
  const [place, tailnet] = await Promise.all([readPlace(here), readTailnet(here)]);
  return {
    node: own.name,
    pve: own.pve.version,
    tailnet: describeTailnet(tailnet),
    cluster: place.kind === "member" ? await describe(here, place.cluster, own, tailnet) : null,
  };
}

function describeTailnet(facts: TailnetFacts): StatusReport["tailnet"] {
  if (facts.kind !== "answers") return { state: facts.kind, address: null, version: null };
  const { state, self, version } = facts.status;
  return { state, address: self.address ?? null, version: version.split("-")[0] ?? null };
}

async function describe(here: Host, cluster: Cluster, own: OwnNode, tailnet: TailnetFacts) {
  const { name, quorate, presentVotes, expectedVotes } = cluster;
  const majority = Math.floor(expectedVotes / 2) + 1;
  const { stdout } = await here.run(["corosync-cmapctl", "-m", "stats"], { timeoutMs: 10_000 });
  const links = knetStats(parseCmap(stdout));
  const members = await Promise.all(
    cluster.members.map((member) =>
      member.name === own.name
        ? hereStatus(member, own.pve.version, tailnet)
        : memberStatus(here, member, links.get(member.id)),
    ),
  );
  const risk = await haRisk(
    here,
    members.flatMap(({ here: isHere, rttMs }) => (isHere ? [] : [rttMs])),
  );
  return {
    name,
    quorate,
    presentVotes,
    expectedVotes,
    mayLose: Math.max(0, presentVotes - majority),
    members,
    findings: [
      ...movedAddress(cluster, own.name, describeTailnet(tailnet).address),
      ...memberFindings(members),
      ...(risk === undefined ? [] : [risk]),
    ],
  };
}

/** This host's device was deleted and enrolled anew: the others look for it where it is not any more. */
function movedAddress(cluster: Cluster, node: string, address: string | null): string[] {
  const refusal = address === null ? undefined : linkElsewhere({ node, address }, cluster);
  if (refusal?.why !== "address changed") return [];
  const { code, message, mend } = refusalError({ kind: "refused", refusal }, { tag: "" });
  return [`${message} (${code}). Mend: ${mend}`];
}

function hereStatus(member: Member, version: string, tailnet: TailnetFacts): MemberStatus {
  const unmeasured = { path: { kind: "unknown" }, rttMs: null, loss: null, link: null } as const;
  const tailscale = tailnet.kind === "answers" ? describeTailscaled(tailnet.status) : null;
  return { ...common(member), here: true, ...unmeasured, version, tailscale };
}

async function memberStatus(here: Host, member: Member, link: KnetStats | undefined): Promise<MemberStatus> {
  const [reach, version, tailscale] = await Promise.all([
    member.link0 === "" ? undefined : measure(here, member.link0),
    member.online ? readMemberVersion(here, member.name) : undefined,
    member.online && member.link0 !== "" ? tailscaledOf(here, member) : null,
  ]);
  return {
    ...common(member),
    here: false,
    path: reach?.path ?? { kind: "unknown" },
    rttMs: reach?.rttMs ?? null,
    loss: reach?.loss ?? null,
    link: link ? (link.connected ? "up" : "down") : null,
    version: version ?? null,
    tailscale,
  };
}

function common({ id, name, online, link0, published }: Member) {
  return { id, name, online, address: link0, published: published ?? null };
}

async function measure(reader: Reader, address: string) {
  const pongs = await wakePath(reader, address, 1);
  const { sent, rttMs } = await pingHost(reader, address, 5);
  return {
    path: pongs.at(-1)?.path ?? ({ kind: "unknown" } as const),
    rttMs: rttFigures(rttMs)?.median ?? null,
    loss: 1 - rttMs.length / sent,
  };
}
