import type { Peer, Verdict } from "../cluster/facts.ts";
import { completeVerdicts, verdictWords } from "../cluster/verdicts.ts";
import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { keepSecret } from "../host/redact.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { type TailnetNode, withTag } from "../tailnet/status.ts";
import { askByApi, askBySsh, type Contact, unanswered } from "./contact.ts";
import type { Company, UpOptions } from "./options.ts";
import { preflightTable } from "./preflight-table.ts";
import { median, type Reach, tryPeer } from "./reach.ts";
import type { OwnTailnet } from "./tailnet.ts";
import type { Ask, Phase } from "./talk.ts";

/** A peer with all that was seen of it, and the way to ask it again. */
export interface KnownPeer {
  readonly peer: Peer;
  readonly reach: Reach;
  readonly contact: Contact;
}

/** Phases 4 and 5: who else is there, what lies between, and where each stands. Changes nothing. */
export async function meetPeers(
  host: Host,
  tailnet: OwnTailnet,
  options: UpOptions,
  company: Company,
): Promise<KnownPeer[]> {
  const { talk } = company;
  const seen = await findPeers(host, tailnet, options, company);
  if (seen.length === 0) return [];
  const preflight = talk.phase("Preflight", `trying ${seen.length} at once (usually 4-6 s)`);
  const reached = await Promise.all(
    seen.map(async (node) => ({ node, reach: await tryPeer(host, node, node.address) })),
  );
  const bad = reached.filter(({ reach }) => reach.obstacles.length > 0).length;
  const verdict = `${seen.length - bad} of ${seen.length} reachable`;
  if (bad > 0) preflight.warn(verdict);
  else preflight.ok(verdict);
  talk.note(...preflightTable(reached.map(({ node, reach }) => ({ name: node.name, reach }))));
  return askAll(host, reached, options, company);
}

interface ReachedPeer {
  readonly node: TailnetNode & { address: string };
  readonly reach: Reach;
}

async function findPeers(
  host: Host,
  tailnet: OwnTailnet,
  options: UpOptions,
  { talk }: Company,
): Promise<ReachedPeer["node"][]> {
  const phase = talk.phase("Peers", "looking for hosts with the tag");
  let peers = addressed(withTag(tailnet.status.peers, options.tag));
  if (peers.length === 0) {
    phase.doing(`none visible; looking again for ${options.peerWaitMs / 1000} s`);
    peers =
      (await poll(options.peerWaitMs, 1_000, async () => {
        const facts = await readTailnet(host);
        const found = facts.kind === "answers" ? addressed(withTag(facts.status.peers, options.tag)) : [];
        return found.length > 0 ? found : undefined;
      })) ?? [];
  }
  if (peers.length === 0) phase.warn(`no other host with ${options.tag} is visible`);
  else phase.ok(`${peers.length} with ${options.tag}: ${peers.map(({ name }) => name).join(", ")}`);
  return peers;
}

function addressed(nodes: readonly TailnetNode[]): ReachedPeer["node"][] {
  return nodes
    .flatMap((node) => (node.address === undefined ? [] : [{ ...node, address: node.address }]))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** ssh first, all at once; then the API where a password is known; last of all the person at the terminal. */
async function askAll(
  host: Host,
  reached: readonly ReachedPeer[],
  options: UpOptions,
  company: Company,
): Promise<KnownPeer[]> {
  const phase = company.talk.phase("Cluster", "asking each peer where it stands");
  const names = reached.map(({ node }) => node.name);
  let known = await Promise.all(
    reached.map(async (one) => {
      const isOpen = (port: number) => one.reach.ports.get(port)?.kind === "open";
      const bySsh = isOpen(22) ? await askBySsh(host, one.node) : unanswered("ssh: TCP 22 does not answer");
      const password = options.passwords.of(one.node.name, names);
      if (bySsh.verdict.kind !== "unknown") return describe(one, bySsh);
      if (password === undefined) return describe(one, also(bySsh, unanswered("API: no password was given")));
      keepSecret(password);
      const byApi = isOpen(8006)
        ? await askByApi(one.node, password)
        : unanswered("API: TCP 8006 does not answer");
      return describe(one, also(bySsh, byApi));
    }),
  );
  known = await askThePerson(known, company, phase);
  for (const { peer } of known) company.journal.write({ event: "peer", ...peer });
  const unknown = known.filter(({ peer }) => peer.verdict.kind === "unknown");
  const words = known.map(({ peer }) => `${peer.name} ${verdictWords(peer.verdict)}`).join("; ");
  if (unknown.length > 0) phase.warn(words);
  else phase.ok(words);
  company.talk.note(...unknown.flatMap(({ peer }) => triedLines(peer)));
  return known;
}

/** A password is asked for only where it still matters: nobody else has told where the peer stands. */
async function askThePerson(
  known: readonly KnownPeer[],
  { ask }: Company,
  phase: Phase,
): Promise<KnownPeer[]> {
  const asked: KnownPeer[] = [];
  for (const [index, one] of known.entries()) {
    const all = [...asked, ...known.slice(index)];
    const completed = completeVerdicts(all.map(({ peer }) => peer))[index] ?? one.peer;
    const wayIn = all.some(({ peer }) => peer.verdict.kind === "member" && peer.way !== undefined);
    const matters = completed.verdict.kind === "unknown" || (completed.verdict.kind === "member" && !wayIn);
    const canAnswer = one.reach.ports.get(8006)?.kind === "open";
    if (!ask || !matters || !canAnswer || one.peer.way !== undefined) {
      asked.push({ ...one, peer: completed });
      continue;
    }
    phase.pause();
    asked.push(await askForPassword({ ...one, peer: completed }, ask));
  }
  const verdicts = completeVerdicts(asked.map(({ peer }) => peer));
  return asked.map((one, index) => ({ ...one, peer: verdicts[index] ?? one.peer }));
}

/** Three tries, as a login has; an empty answer leaves the peer as it is. */
async function askForPassword(one: KnownPeer, ask: Ask): Promise<KnownPeer> {
  const { name, address } = one.peer;
  for (let left = 3; left > 0; left--) {
    const password = await ask.password(`root's password on ${name} (${address})`);
    if (password === undefined) break;
    keepSecret(password);
    const contact = also(one.contact, await askByApi(one.peer, password));
    const { verdict, admission } = contact;
    if (admission) return { ...one, contact, peer: { ...one.peer, verdict, way: admission.kind } };
  }
  return one;
}

function describe({ node, reach }: ReachedPeer, contact: Contact): KnownPeer {
  const peer: Peer = {
    name: node.name,
    address: node.address,
    verdict: contact.verdict,
    obstacles: reach.obstacles,
    rttMs: median(reach.echoes.rttMs),
    way: contact.admission?.kind,
  };
  return { peer, reach, contact };
}

/** The second answer, with what was tried before it when it is none either. */
function also(first: Contact, second: Contact): Contact {
  const tried = (verdict: Verdict) => (verdict.kind === "unknown" ? verdict.tried : []);
  if (second.verdict.kind !== "unknown") return second;
  return unanswered(...tried(first.verdict), ...tried(second.verdict));
}

function triedLines({ name, verdict }: Peer): string[] {
  if (verdict.kind !== "unknown") return [];
  return [`${name}: unknown. Tried:`, ...verdict.tried.map((words) => `  ${words}`)];
}
