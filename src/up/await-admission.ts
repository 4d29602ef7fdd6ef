import type { Host } from "../host/host.ts";
import { stopAsked } from "../host/interrupt.ts";
import { fingerprint } from "../host/key-fingerprint.ts";
import type { KnownPeer } from "./ask-peers.ts";
import { lookAgain, type Outlook } from "./look-again.ts";
import type { Presence } from "./presence.ts";

/**
 * No way leads into the cluster: waits until somebody on a member lets this host in by `tailmox admit`, for `ms` at
 * most. Gives the peers as they are then, undefined when nobody has. Without a terminal it waits only where a tailmox
 * has answered: else nobody may be there to read what to type.
 */
export async function awaitAdmission(
  outlook: Outlook,
  known: readonly KnownPeer[],
  ms: number,
): Promise<readonly KnownPeer[] | undefined> {
  const { host, tailnet, company } = outlook;
  const { presence, talk } = company;
  const rootKey = presence && (await readRootKey(host));
  if (!presence || rootKey === undefined || !(company.ask || known.some(hasAnswered))) return undefined;
  talk.note(
    `To let this host in, type tailmox admit on ${whereToType(known)}`,
    `Its root key is ${fingerprint(rootKey)}; that is shown there, too.`,
  );
  const phase = talk.phase("Admission", `waiting to be let in, for at most ${Math.ceil(ms / 60_000)} min`);
  presence.tell({ rootKey });
  try {
    const deadline = performance.now() + ms;
    while (performance.now() < deadline && !stopAsked()) {
      const news = await readNews(presence, known, tailnet.address);
      if (news === "told") {
        phase.ok("others have told where they stand");
        return lookAgain(outlook, known, { retry: true });
      }
      if (news === "admitted") {
        phase.doing("let in; logging in");
        const now = await lookAgain(outlook, known, { retry: true });
        if (now.some(({ contact }) => contact.shell)) {
          phase.ok("let in");
          return now;
        }
        await Bun.sleep(KNOCK_EVERY_MS);
      }
      await Bun.sleep(ASK_EVERY_MS);
    }
    phase.warn("nobody has let this host in");
    return undefined;
  } finally {
    presence.tell({ rootKey: undefined });
  }
}

const ASK_EVERY_MS = 1_000;
/** Where it was let in, and ssh fails all the same. */
const KNOCK_EVERY_MS = 10_000;

/** The key that pvecm uses; pve-cluster makes it on every host (proxmox.md 3). */
async function readRootKey(host: Host): Promise<string | undefined> {
  const text = (await host.text("/root/.ssh/id_rsa.pub")) ?? "";
  return /^ssh-rsa \S+/.exec(text)?.[0];
}

/** While this host looked; its tailmox up may have ended meanwhile. */
function hasAnswered({ reach }: KnownPeer): boolean {
  return reach.rendezvous.facts !== undefined;
}

function whereToType(known: readonly KnownPeer[]): string {
  const names = (kind: "member" | "unknown") =>
    known.filter(({ peer }) => peer.verdict.kind === kind).map(({ peer }) => peer.name);
  const members = names("member");
  if (members.length > 0) return `${members.join(" or ")}.`;
  return `a member; where ${names("unknown").join(", ")} is in no cluster, type tailmox up there.`;
}

/**
 * "admitted": a peer has accepted this host's key. Only then it knocks, since sshd of Debian 13 shuts out an address
 * that knocks in vain again and again (sshd_config(5), PerSourcePenalties). "told": one that nothing was known of.
 */
async function readNews(
  presence: Presence,
  known: readonly KnownPeer[],
  own: string,
): Promise<"admitted" | "told" | undefined> {
  const answers = await Promise.all(known.map(({ peer }) => presence.askFacts(peer.address)));
  if (answers.some(({ facts }) => facts?.admitted === own)) return "admitted";
  const isNew = known.some(
    ({ peer }, index) => peer.verdict.kind === "unknown" && answers[index]?.facts?.place !== undefined,
  );
  return isNew ? "told" : undefined;
}
