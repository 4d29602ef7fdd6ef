import type { Peer } from "../cluster/facts.ts";
import { completeVerdicts, verdictWords } from "../cluster/verdicts.ts";
import type { Host } from "../host/host.ts";
import { keepSecret } from "../host/redact.ts";
import { presentedHostKey } from "../host/ssh.ts";
import { rttFigures } from "../latency/figures.ts";
import type { HostSights } from "../latency/probe-host.ts";
import { pinServer } from "../proxmox/pinned-server.ts";
import type { RendezvousAnswer } from "../rendezvous/ask.ts";
import {
  askAgain,
  askByPassword,
  askBySsh,
  barred,
  type Contact,
  toldByRendezvous,
  unanswered,
} from "./contact.ts";
import type { Company, UpOptions } from "./options.ts";
import type { Reach, ReachedPeer } from "./preflight/preflight.ts";
import type { FirstSight } from "./preflight/sights.ts";
import type { Ask, Phase } from "./talk.ts";

/** A peer with all that was seen of it, and the way to ask it again. */
export interface KnownPeer {
  readonly peer: Peer;
  readonly reach: Reach;
  readonly contact: Contact;
  /** What it sees of the other members of its cluster, where it was asked already. */
  readonly around?: Promise<HostSights | undefined>;
}

/**
 * All at once, without a question to anybody first; last of all the person at the terminal. `begun` are those by their
 * address that are being asked already.
 */
export async function askPeers(
  host: Host,
  reached: readonly ReachedPeer[],
  begun: ReadonlyMap<string, Promise<Contact>>,
  options: UpOptions,
  company: Company,
): Promise<KnownPeer[]> {
  const phase = company.talk.phase("Cluster", "asking each peer where it stands");
  const names = reached.map(({ node }) => node.name);
  const asking = { host, options, company, names };
  let known = await Promise.all(
    reached.map(async ({ node, reach }) => {
      const contact = await begun.get(node.address);
      return contact
        ? describe(node, reach, contact, reach.rendezvous)
        : askPeer(asking, node, reach, reach.rendezvous);
    }),
  );
  // Where somebody is about to let this host in, no password is needed.
  const admits = reached.some(({ reach }) => reach.rendezvous.facts?.admits);
  known = await askThePerson(host, known, admits ? undefined : company.ask, phase);
  for (const { peer } of known) company.journal.write({ event: "peer", ...peer });
  const unknown = known.filter(({ peer }) => peer.verdict.kind === "unknown");
  const words = known.map(({ peer }) => `${peer.name} ${verdictWords(peer.verdict)}`).join("; ");
  if (unknown.length > 0) phase.warn(words);
  else phase.ok(words);
  company.talk.note(
    ...unknown.flatMap(({ peer }) => triedLines(peer)),
    ...reached.flatMap((one) => versionLines(one, options.version)),
  );
  return known;
}

export interface Asking {
  readonly host: Host;
  readonly options: Pick<UpOptions, "passwords">;
  readonly company: Pick<Company, "presence">;
  /** Of all peers. */
  readonly names: readonly string[];
}

/**
 * Asks one peer without a question to anybody: through the shell that was opened there `before`; else what it told by
 * the rendezvous, then root's ssh, then the API where a password is known.
 */
export async function askPeer(
  asking: Asking,
  node: Pick<Peer, "name" | "address">,
  reach: Reach,
  rendezvous: RendezvousAnswer,
  before?: Contact,
): Promise<KnownPeer> {
  const again = before && (await askAgain(before, node.address));
  if (again) return describe(node, reach, again, rendezvous);
  if (reach.kind === "offline") return describe(node, reach, barred(SWITCHED_OFF), rendezvous);
  const answer = Promise.resolve(rendezvous);
  const isOpen: FirstSight["isOpen"] = async (port) => reach.ports.get(port)?.kind === "open";
  const contact = await meet(asking, node, { isOpen, told: answer, rendezvous: answer });
  return describe(node, reach, contact, rendezvous);
}

const SWITCHED_OFF = "tailnet: offline, as the control server says, and no answer to a ping";

/** The same of a peer that is still being tried. */
export async function meet(
  { host, options, company: { presence }, names }: Asking,
  node: Pick<Peer, "name" | "address">,
  { isOpen, told, rendezvous }: FirstSight,
): Promise<Contact> {
  const again = async () => presence?.askFacts(node.address) ?? rendezvous;
  const soon = await told;
  const first = soon && toldByRendezvous(soon, again);
  // Nobody joins through a host that stands alone: no shell is needed there.
  if (first?.verdict.kind === "standalone") return first;
  const hasSsh = await isOpen(22);
  const scanned = hasSsh ? presentedHostKey(host, node.address) : undefined;
  const password = options.passwords.of(node.name, names);
  // No secret goes into this, and it is done before a login by key has failed.
  const pinned =
    password === undefined
      ? undefined
      : isOpen(8006).then((open) => (open ? pinServer(node.address) : undefined));
  pinned?.catch(() => undefined);
  const bySsh = hasSsh ? await askBySsh(host, node, scanned) : unanswered("ssh: TCP 22 does not answer");
  if (bySsh.verdict.kind !== "unknown") return bySsh;
  if (password !== undefined) keepSecret(password);
  const byPassword =
    password === undefined || !pinned
      ? barred("API: no password was given")
      : await askByPassword(host, node, password, scanned, pinned);
  const last = await rendezvous;
  const withoutKey = also(toldByRendezvous(last, again), bySsh);
  // Who is in the middle of a change will tell when it is done.
  if (password === undefined && last.facts) return withoutKey;
  const { verdict } = byPassword;
  return { ...also(withoutKey, byPassword), mayOpen: verdict.kind === "unknown" && !verdict.lasting };
}

/** A password is asked for only where it still matters: nobody else has told where the peer stands. */
async function askThePerson(
  host: Host,
  known: readonly KnownPeer[],
  ask: Ask | undefined,
  phase: Phase,
): Promise<KnownPeer[]> {
  const asked: KnownPeer[] = [];
  for (const [index, one] of known.entries()) {
    const all = [...asked, ...known.slice(index)];
    const completed = completeVerdicts(all.map(({ peer }) => peer))[index] ?? one.peer;
    const wayIn = all.some(({ peer }) => peer.verdict.kind === "member" && peer.way !== undefined);
    const needed = needsShell(completed);
    const matters =
      completed.verdict.kind === "unknown" || (completed.verdict.kind === "member" && (!wayIn || needed));
    const canAnswer = one.reach.ports.get(8006)?.kind === "open";
    if (!ask || !matters || !canAnswer || (one.peer.way !== undefined && !needed)) {
      asked.push({ ...one, peer: completed });
      continue;
    }
    phase.pause();
    asked.push(await askForPassword(host, { ...one, peer: completed }, ask));
  }
  const verdicts = completeVerdicts(asked.map(({ peer }) => peer));
  return asked.map((one, index) => ({ ...one, peer: verdicts[index] ?? one.peer }));
}

/** The join lock lies on the member with the lowest node id, and without it there is no join. */
function needsShell({ address, verdict, shell }: Peer): boolean {
  return verdict.kind === "member" && verdict.cluster.members[0]?.link0 === address && !shell;
}

/** Three tries, as a login has; an empty answer leaves the peer as it is. */
async function askForPassword(host: Host, one: KnownPeer, ask: Ask): Promise<KnownPeer> {
  const { name, address } = one.peer;
  for (let left = 3; left > 0; left--) {
    const password = await ask.password(`root's password on ${name} (${address})`);
    if (password === undefined) break;
    keepSecret(password);
    const scanned = one.reach.ports.get(22)?.kind === "open" ? presentedHostKey(host, address) : undefined;
    const contact = also(
      one.contact,
      await askByPassword(host, one.peer, password, scanned, pinServer(address)),
    );
    if (!contact.admission) continue;
    return { ...one, contact, peer: { ...one.peer, ...seenBy(contact) } };
  }
  return one;
}

function describe(
  node: Pick<Peer, "name" | "address">,
  reach: Reach,
  contact: Contact,
  { facts }: RendezvousAnswer,
): KnownPeer {
  const peer: Peer = {
    name: node.name,
    address: node.address,
    obstacles: reach.obstacles,
    unproven: reach.unproven,
    warnings: reach.warnings,
    rttMs: rttFigures(reach.echoes.rttMs)?.median,
    ...seenBy(contact),
    ...(facts?.elects !== undefined && { elects: facts.elects }),
  };
  return { peer, reach, contact };
}

function seenBy({ verdict, admission, shell, noShell, mayOpen }: Contact) {
  const none = noShell ?? (verdict.kind === "unknown" ? verdict.tried.join("; ") : undefined);
  return {
    verdict,
    way: admission?.kind,
    shell: shell !== undefined,
    ...(none !== undefined && shell === undefined && { noShell: none }),
    ...(mayOpen && { mayOpen }),
  };
}

/** The better of two answers, with what was tried for the other. */
function also(first: Contact, second: Contact): Contact {
  const tried = ({ verdict }: Contact) => (verdict.kind === "unknown" ? verdict.tried : []);
  if (second.verdict.kind !== "unknown") return second;
  const all = [...tried(first), ...second.verdict.tried];
  if (first.verdict.kind !== "unknown")
    return { ...first, noShell: [first.noShell, ...all].filter(Boolean).join("; ") };
  return second.verdict.lasting ? barred(...all) : unanswered(...all);
}

function triedLines({ name, verdict }: Peer): string[] {
  if (verdict.kind !== "unknown") return [];
  return [`${name}: unknown. Tried:`, ...verdict.tried.map((words) => `  ${words}`)];
}

function versionLines({ node, reach }: ReachedPeer, own: string): string[] {
  const { facts, otherVersion } = reach.rendezvous;
  if (otherVersion === undefined && (facts === undefined || facts.tailmox === own)) return [];
  const theirs = facts ? `tailmox ${facts.tailmox}` : "a tailmox of another kind";
  return [`!! ${node.name} runs ${theirs}, this host ${own}: use the same on all hosts.`];
}
