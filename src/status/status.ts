import type { Cluster, Member } from "../cluster/facts.ts";
import { linkElsewhere } from "../cluster/link-elsewhere.ts";
import type { Reader } from "../host/host.ts";
import { pingHost } from "../host/ping.ts";
import { rttFigures } from "../latency/figures.ts";
import { readMemberVersion } from "../proxmox/member-version.ts";
import { type OwnNode, readOwnNode } from "../proxmox/own-node.ts";
import { readPlace } from "../proxmox/place.ts";
import { readTailnet, type TailnetFacts } from "../tailnet/facts.ts";
import { wakePath } from "../tailnet/ping.ts";
import type { Path } from "../tailnet/status.ts";
import { refusalError } from "../up/refusal.ts";
import { haRisk } from "./ha-risk.ts";

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
  /** Of Proxmox; null when it did not tell. */
  readonly version: string | null;
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
export async function readStatus(reader: Reader): Promise<StatusReport> {
  const own = await readOwnNode(reader);
  const [place, tailnet] = await Promise.all([readPlace(reader), readTailnet(reader)]);
  return {
    node: own.name,
    pve: own.pve.version,
    tailnet: describeTailnet(tailnet),
    cluster:
      place.kind === "member"
        ? await describe(reader, place.cluster, own, describeTailnet(tailnet).address)
        : null,
  };
}

function describeTailnet(facts: TailnetFacts): StatusReport["tailnet"] {
  if (facts.kind !== "answers") return { state: facts.kind, address: null, version: null };
  const { state, self, version } = facts.status;
  return { state, address: self.address ?? null, version: version.split("-")[0] ?? null };
}

async function describe(reader: Reader, cluster: Cluster, own: OwnNode, address: string | null) {
  const { name, quorate, presentVotes, expectedVotes } = cluster;
  const majority = Math.floor(expectedVotes / 2) + 1;
  const risk = await haRisk(reader, cluster.members.length);
  const members = await Promise.all(
    cluster.members.map((member) =>
      member.name === own.name ? hereStatus(member, own.pve.version) : memberStatus(reader, member),
    ),
  );
  return {
    name,
    quorate,
    presentVotes,
    expectedVotes,
    mayLose: Math.max(0, presentVotes - majority),
    members,
    findings: [...movedAddress(cluster, own.name, address), ...(risk === undefined ? [] : [risk])],
  };
}

/** This host's device was deleted and enrolled anew: the others look for it where it is not any more. */
function movedAddress(cluster: Cluster, node: string, address: string | null): string[] {
  const refusal = address === null ? undefined : linkElsewhere({ node, address }, cluster);
  if (refusal?.why !== "address changed") return [];
  const { code, message, mend } = refusalError({ kind: "refused", refusal }, { tag: "" });
  return [`${message} (${code}). Mend: ${mend}`];
}

function hereStatus(member: Member, version: string): MemberStatus {
  return { ...common(member), here: true, path: { kind: "unknown" }, rttMs: null, loss: null, version };
}

async function memberStatus(reader: Reader, member: Member): Promise<MemberStatus> {
  const [reach, version] = await Promise.all([
    member.link0 === "" ? undefined : measure(reader, member.link0),
    member.online ? readMemberVersion(reader, member.name) : undefined,
  ]);
  return {
    ...common(member),
    here: false,
    path: reach?.path ?? { kind: "unknown" },
    rttMs: reach?.rttMs ?? null,
    loss: reach?.loss ?? null,
    version: version ?? null,
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
