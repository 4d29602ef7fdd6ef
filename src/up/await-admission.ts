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
  addresses: readonly string[],
  ms: number,
): Promise<readonly KnownPeer[] | undefined> {
  const { host, tailnet, company } = outlook;
  const { presence, talk } = company;
  const rootKey = presence && (await readRootKey(host));
  if (!presence || rootKey === undefined || !(company.ask || known.some(hasAnswered))) return undefined;
  const names = known.filter(({ peer }) => addresses.includes(peer.address)).map(({ peer }) => peer.name);
  const phase = talk.phase(
    "Admission",
    `waiting to be let in, for at most ${Math.ceil(ms / 60_000)} min: type tailmox admit on a member ` +
      `(${names.join(", ")})`,
  );
  talk.note(`This host's root key is ${fingerprint(rootKey)}; it is shown there, too.`);
  presence.tell({ rootKey });
  try {
    const deadline = performance.now() + ms;
    while (performance.now() < deadline && !stopAsked()) {
      if (await isAdmitted(presence, known, tailnet.address)) {
        phase.doing("let in; logging in");
        const now = await lookAgain(outlook, known, { only: addresses });
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

/**
 * Whether a peer has accepted this host's key: only then it knocks, since sshd of Debian 13 shuts out an address that
 * knocks in vain again and again (sshd_config(5), PerSourcePenalties).
 */
async function isAdmitted(presence: Presence, known: readonly KnownPeer[], own: string): Promise<boolean> {
  const answers = await Promise.all(known.map(({ peer }) => presence.ask(peer.address)));
  return answers.some(({ facts }) => facts?.admitted === own);
}
