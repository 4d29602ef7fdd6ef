import type { Peer } from "../cluster/facts.ts";
import { completeVerdicts, verdictWords } from "../cluster/verdicts.ts";
import type { Host } from "../host/host.ts";
import { keepSecret } from "../host/redact.ts";
import { rttFigures } from "../latency/figures.ts";
import type { RendezvousAnswer } from "../rendezvous/ask.ts";
import {
  askByApi,
  askBySsh,
  barred,
  type Contact,
  toldByRendezvous,
  unanswered,
  withShell,
} from "./contact.ts";
import type { Company, UpOptions } from "./options.ts";
import type { Reach, ReachedPeer } from "./preflight/preflight.ts";
import type { Ask, Phase } from "./talk.ts";

/** A peer with all that was seen of it, and the way to ask it again. */
export interface KnownPeer {
  readonly peer: Peer;
  readonly reach: Reach;
  readonly contact: Contact;
}

/** All at once, without a question to anybody first; last of all the person at the terminal. */
export async function askPeers(
  host: Host,
  reached: readonly ReachedPeer[],
  options: UpOptions,
  company: Company,
): Promise<KnownPeer[]> {
  const phase = company.talk.phase("Cluster", "asking each peer where it stands");
  const names = reached.map(({ node }) => node.name);
  const asking = { host, options, company, names };
  let known = await Promise.all(
    reached.map(({ node, reach }) => askPeer(asking, node, reach, reach.rendezvous)),
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

interface Asking {
  readonly host: Host;
  readonly options: Pick<UpOptions, "passwords">;
  readonly company: Pick<Company, "presence">;
  /** Of all peers. */
  readonly names: readonly string[];
}

/**
 * Asks one peer without a question to anybody: what it told by the rendezvous, then root's ssh, then the API where a
 * password is known.
 */
export async function askPeer(
  { host, options, company, names }: Asking,
  node: Pick<Peer, "name" | "address">,
  reach: Reach,
  rendezvous: RendezvousAnswer,
): Promise<KnownPeer> {
  const { presence } = company;
  const again = async () => (presence ? presence.askFacts(node.address) : rendezvous);
  const told = toldByRendezvous(rendezvous, again);
  const met = (contact: Contact) => describe(node, reach, contact, rendezvous);
  // Nobody joins through a host that stands alone: no shell is needed there.
  if (told.verdict.kind === "standalone") return met(told);
  const isOpen = (port: number) => reach.ports.get(port)?.kind === "open";
  const bySsh = isOpen(22) ? await askBySsh(host, node) : unanswered("ssh: TCP 22 does not answer");
  if (bySsh.verdict.kind !== "unknown") return met(bySsh);
  const withoutKey = also(told, bySsh);
  const password = options.passwords.of(node.name, names);
  if (password === undefined) {
    // Who is in the middle of a change will tell when it is done.
    return met(rendezvous.facts ? withoutKey : also(withoutKey, barred("API: no password was given")));
  }
  keepSecret(password);
  const byApi = isOpen(8006)
    ? await askByApi(host, node, password)
    : unanswered("API: TCP 8006 does not answer");
  const contact = isOpen(22) ? await withShell(host, node, byApi, password) : byApi;
  return met(also(withoutKey, contact));
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
    const contact = also(one.contact, await askByApi(host, one.peer, password));
    if (!contact.admission) continue;
    const whole = await withShell(host, one.peer, contact, password);
    return { ...one, contact: whole, peer: { ...one.peer, ...seenBy(whole) } };
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

function seenBy({ verdict, admission, shell, noShell }: Contact) {
  const none = noShell ?? (verdict.kind === "unknown" ? verdict.tried.join("; ") : undefined);
  return {
    verdict,
    way: admission?.kind,
    shell: shell !== undefined,
    ...(none !== undefined && shell === undefined && { noShell: none }),
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
