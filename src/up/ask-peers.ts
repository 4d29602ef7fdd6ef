import type { Peer, Verdict } from "../cluster/facts.ts";
import { completeVerdicts, verdictWords } from "../cluster/verdicts.ts";
import type { Host } from "../host/host.ts";
import { keepSecret } from "../host/redact.ts";
import { rttFigures } from "../latency/figures.ts";
import { askByApi, askBySsh, barred, type Contact, unanswered, withShell } from "./contact.ts";
import type { Company, UpOptions } from "./options.ts";
import type { Reach, ReachedPeer } from "./preflight/preflight.ts";
import type { Ask, Phase } from "./talk.ts";

/** A peer with all that was seen of it, and the way to ask it again. */
export interface KnownPeer {
  readonly peer: Peer;
  readonly reach: Reach;
  readonly contact: Contact;
}

/** ssh first, all at once; then the API where a password is known; last of all the person at the terminal. */
export async function askPeers(
  host: Host,
  reached: readonly ReachedPeer[],
  options: UpOptions,
  company: Company,
): Promise<KnownPeer[]> {
  const phase = company.talk.phase("Cluster", "asking each peer where it stands");
  const names = reached.map(({ node }) => node.name);
  let known = await Promise.all(reached.map(({ node, reach }) => askPeer(host, node, reach, options, names)));
  known = await askThePerson(host, known, company, phase);
  for (const { peer } of known) company.journal.write({ event: "peer", ...peer });
  const unknown = known.filter(({ peer }) => peer.verdict.kind === "unknown");
  const words = known.map(({ peer }) => `${peer.name} ${verdictWords(peer.verdict)}`).join("; ");
  if (unknown.length > 0) phase.warn(words);
  else phase.ok(words);
  company.talk.note(...unknown.flatMap(({ peer }) => triedLines(peer)));
  return known;
}

/** Asks one peer without a question to anybody: ssh first, then the API where a password is known. */
export async function askPeer(
  host: Host,
  node: Pick<Peer, "name" | "address">,
  reach: Reach,
  { passwords }: Pick<UpOptions, "passwords">,
  names: readonly string[],
): Promise<KnownPeer> {
  const isOpen = (port: number) => reach.ports.get(port)?.kind === "open";
  const bySsh = isOpen(22) ? await askBySsh(host, node) : unanswered("ssh: TCP 22 does not answer");
  if (bySsh.verdict.kind !== "unknown") return describe(node, reach, bySsh);
  const password = passwords.of(node.name, names);
  if (password === undefined) {
    return describe(node, reach, also(bySsh, barred("API: no password was given")));
  }
  keepSecret(password);
  const byApi = isOpen(8006)
    ? await askByApi(host, node, password)
    : unanswered("API: TCP 8006 does not answer");
  const contact = isOpen(22) ? await withShell(host, node, byApi, password) : byApi;
  return describe(node, reach, also(bySsh, contact));
}

/** A password is asked for only where it still matters: nobody else has told where the peer stands. */
async function askThePerson(
  host: Host,
  known: readonly KnownPeer[],
  { ask }: Company,
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

function describe(node: Pick<Peer, "name" | "address">, reach: Reach, contact: Contact): KnownPeer {
  const peer: Peer = {
    name: node.name,
    address: node.address,
    obstacles: reach.obstacles,
    unproven: reach.unproven,
    warnings: reach.warnings,
    rttMs: rttFigures(reach.echoes.rttMs)?.median,
    ...seenBy(contact),
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

/** The second answer, with what was tried before it when it is none either. */
function also(first: Contact, second: Contact): Contact {
  const tried = (verdict: Verdict) => (verdict.kind === "unknown" ? verdict.tried : []);
  const { verdict } = second;
  if (verdict.kind !== "unknown") return second;
  const all = [...tried(first.verdict), ...verdict.tried];
  return verdict.lasting ? barred(...all) : unanswered(...all);
}

function triedLines({ name, verdict }: Peer): string[] {
  if (verdict.kind !== "unknown") return [];
  return [`${name}: unknown. Tried:`, ...verdict.tried.map((words) => `  ${words}`)];
}
