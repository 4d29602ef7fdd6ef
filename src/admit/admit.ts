import { randomBytes } from "node:crypto";
import type { Cluster } from "../cluster/facts.ts";
import { guestWords, verdictWords } from "../cluster/verdicts.ts";
import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { interrupted } from "../host/interrupt.ts";
import { readOwnNode } from "../proxmox/own-node.ts";
import { readPlace } from "../proxmox/place.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { agreed } from "../up/consent.ts";
import type { Company } from "../up/options.ts";
import { bePresent, type Presence } from "../up/presence.ts";
import { assertFit } from "../up/tailnet-fitness.ts";
import { type Applicant, readApplicants } from "./applicants.ts";
import { acceptKey, keyIsKept, withdrawKey } from "./grant.ts";
import type { Grant } from "./key-line.ts";
import { type JoinEnd, watchJoin } from "./watch-join.ts";

export interface AdmitOptions {
  readonly tag: string;
  /** Only this one: its name or address in the tailnet; undefined: whoever asks, after a question. */
  readonly peer: string | undefined;
  /** How long to wait for somebody to ask, and then again for the join to end. */
  readonly waitMs: number;
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** Of this tailmox: told to peers. */
  readonly version: string;
}

/** The `result` of `tailmox admit --json`. */
export interface AdmitResult {
  readonly node: string;
  readonly outcome: "joined" | "dry run";
  readonly admitted: Pick<Applicant, "name" | "address" | "node" | "fingerprint">;
  readonly cluster: Cluster;
}

/**
 * Lets a tagged host into this member's cluster without a password: accepts its root key for the time of its join.
 * Throws E_ADMIT_NO_MEMBER, E_ADMIT_NOBODY, E_NOT_AGREED or E_ADMIT_FAILED; the key is gone again then.
 */
export async function admit(host: Host, options: AdmitOptions, company: Company): Promise<AdmitResult> {
  const phase = company.talk.phase("Host", "looking at this member");
  const own = await readOwnNode(host);
  const [place, tailnet] = await Promise.all([readPlace(host), readTailnet(host)]);
  const { address } = assertFit(tailnet, { tag: options.tag, loginServer: undefined });
  if (place.kind !== "member" || !place.cluster.quorate) throw noMember(own.name);
  phase.ok(`${own.name}, ${verdictWords(place)}`);
  const { tag, version } = options;
  const presence = await bePresent(host, { node: own.name, pve: own.pve.version, version, address, tag });
  presence.tell({ admits: true });
  try {
    const applicant = await findApplicant(host, place.cluster, presence, options, company);
    const admitted = {
      name: applicant.name,
      address: applicant.address,
      node: applicant.node,
      fingerprint: applicant.fingerprint,
    };
    if (options.dryRun) return { node: own.name, outcome: "dry run", admitted, cluster: place.cluster };
    const cluster = await letIn(host, applicant, presence, options, company);
    return { node: own.name, outcome: "joined", admitted, cluster };
  } finally {
    presence.close();
  }
}

/** The first that asks and is wanted. Who was shown once and not wanted is not shown again. */
async function findApplicant(
  host: Host,
  cluster: Cluster,
  presence: Presence,
  options: AdmitOptions,
  company: Company,
): Promise<Applicant> {
  const whom = options.peer ?? "a host";
  const phase = company.talk.phase(
    "Peers",
    `waiting for ${whom} to ask, for at most ${minutes(options.waitMs)}; type there: tailmox up`,
  );
  const deadline = performance.now() + options.waitMs;
  for (;;) {
    const { applicants, silent } = await readApplicants(
      host,
      { tag: options.tag, cluster },
      presence.askFacts,
    );
    const [applicant] = applicants.filter(({ name, address }) => isWanted(options.peer, name, address));
    if (applicant) {
      phase.ok(`${applicant.name} asks to be let in`);
      await agreed(planFor(applicant, cluster, options), options, company);
      return applicant;
    }
    if (performance.now() >= deadline) {
      phase.warn("nobody asked");
      throw nobody(whom, silent, options);
    }
    await Bun.sleep(1_000);
  }
}

function planFor(applicant: Applicant, cluster: Cluster, { peer, waitMs }: AdmitOptions) {
  const { name, address, node, pve, tailmox, guests } = applicant;
  const has = guests === undefined ? "" : `, ${guestWords(guests)}`;
  return {
    command: `admit --peer ${peer ?? name}`,
    title: `Who asks: ${name}, ${address} (node ${node}, Proxmox VE ${pve}, tailmox ${tailmox}${has})`,
    steps: [
      {
        title: `accept its root key ${applicant.fingerprint}, from ${address} alone, until its join has ended`,
        why: `for ${minutes(waitMs)} at most; it shows the same fingerprint. Root there is root on all members then`,
      },
    ],
    losses: [
      `Joined, ${node} is a full member of "${cluster.name}": its root can log in to every other member.`,
    ],
  };
}

/** The key is accepted, watched and withdrawn as one change: a Ctrl-C ends it early, and never leaves it half done. */
function letIn(
  host: Host,
  applicant: Applicant,
  presence: Presence,
  { waitMs }: AdmitOptions,
  { talk }: Company,
): Promise<Cluster> {
  const { node, name, address, key } = applicant;
  const id = randomBytes(4).toString("hex");
  const grant: Grant = { id, address, key, until: new Date(Date.now() + waitMs) };
  const change = {
    what: `accept the root key of ${name} (${applicant.fingerprint})`,
    undo: `it goes by itself: systemctl list-timers "tailmox-admit-*"`,
  };
  return host.change(change, async (writer) => {
    const phase = talk.phase("Join", `accepting the key of ${name}`);
    await acceptKey(writer, grant);
    presence.tell({ admitted: address });
    let end: JoinEnd | undefined;
    try {
      end = await watchJoin(applicant, {
        untilMs: waitMs,
        look: async () => {
          const place = await readPlace(host).catch(() => undefined);
          return place?.kind === "member" ? place.cluster : undefined;
        },
        keyIsKept: () => keyIsKept(host, key),
        ask: presence.askFacts,
        doing: phase.doing,
      });
    } finally {
      presence.tell({ admitted: undefined });
      await withdrawKey(writer, grant, { joined: end?.kind === "joined" && { node } });
    }
    if (end.kind !== "joined") {
      phase.warn(`${node} did not become a member; its key is gone again`);
      throw end.kind === "stopped" ? interrupted("between") : failed(node, end);
    }
    const { presentVotes, expectedVotes } = end.cluster;
    phase.ok(`${node} is a member, ${presentVotes} of ${expectedVotes} votes; its key is the cluster's now`);
    return end.cluster;
  });
}

function isWanted(peer: string | undefined, name: string, address: string): boolean {
  return peer === undefined || peer === address || peer.toLowerCase() === name.toLowerCase();
}

function minutes(ms: number): string {
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${Math.ceil(ms / 1000)} s`;
}

function noMember(node: string): UserError {
  return new UserError("E_ADMIT_NO_MEMBER", `${node} is no quorate member of a cluster`, {
    likely: "tailmox up was not run here yet, or too few members are there to write /etc/pve",
    mend: "run tailmox admit on a member; pvecm status shows whether it is quorate",
  });
}

function nobody(whom: string, silent: readonly string[], { tag, waitMs }: AdmitOptions): UserError {
  const others =
    silent.length === 0 ? `no host with ${tag} but members is visible` : `seen: ${silent.join(", ")}`;
  return new UserError("E_ADMIT_NOBODY", `${whom} did not ask to be let in within ${minutes(waitMs)}`, {
    likely: `tailmox up does not run there, or UDP 5405-5412 does not pass; ${others}`,
    mend: "run tailmox up there while tailmox admit waits here; tailmox check looks at the way between",
  });
}

function failed(node: string, end: Exclude<JoinEnd, { kind: "joined" }>): UserError {
  const left = end.listed
    ? ` The cluster lists ${node} still: its next tailmox up takes that entry out first.`
    : "";
  return new UserError("E_ADMIT_FAILED", `${node} did not become a member; its key is gone again`, {
    likely:
      end.kind === "given up"
        ? `tailmox up there has ended; it tells why.${left}`
        : `its time was over.${left}`,
    mend: "mend what tailmox up said there, then run tailmox admit here and tailmox up there again",
  });
}
