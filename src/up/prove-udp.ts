import { parsePveVersion } from "../proxmox/version.ts";
import type { Answering } from "../rendezvous/answer.ts";
import { echoByShell } from "../rendezvous/echo-by-shell.ts";
import { RENDEZVOUS_PORTS } from "../rendezvous/packet.ts";
import type { Echo, Ends } from "../rendezvous/try-port.ts";
import type { Contact } from "./contact.ts";
import { judged, type Own, type ReachedPeer } from "./preflight/preflight.ts";
import { judgeUdp } from "./preflight/udp.ts";

/** What root's shell on a peer tells where no tailmox runs. */
export interface ShellSight {
  /** An echo of our own, run there for some seconds; none where it did not start. */
  readonly udp: ReadonlyMap<number, Echo>;
  readonly node: string | undefined;
  readonly pve: string | undefined;
}

/** Looks at a peer through root's shell there, 10 s at most; undefined where there is none. Changes nothing. */
export async function lookByShell(
  { shell, verdict }: Pick<Contact, "shell" | "verdict">,
  ends: Ends,
  answering: Answering | undefined,
): Promise<ShellSight | undefined> {
  if (!shell) return undefined;
  // A member's corosync holds the port of link 0: to wait for that one would be in vain.
  const ports = RENDEZVOUS_PORTS.slice(verdict.kind === "member" ? 1 : 0);
  const [udp, name, version] = await Promise.all([
    echoByShell(shell, ends, { from: answering, timeoutMs: 3_000, ports }),
    shell.run(["uname", "-n"], { timeoutMs: 5_000 }),
    shell.run(["pveversion"], { timeoutMs: 10_000 }),
  ]);
  return {
    udp,
    node: name.stdout.trim().split(".")[0] || undefined,
    pve: parsePveVersion(version.stdout)?.version,
  };
}

/** Looks at a peer through root's shell; `names` are those of all peers. Undefined where no shell is to be had. */
export type LookAt = (peer: ReachedPeer, names: readonly string[]) => Promise<ShellSight | undefined>;

/** Proves UDP where no tailmox runs; what the shell tells of the peer besides is judged along. All at once. */
export async function proveUdp(
  own: Own,
  reached: readonly ReachedPeer[],
  lookAt: LookAt,
): Promise<ReachedPeer[]> {
  const names = reached.map(({ node }) => node.name);
  const seen = await Promise.all(
    reached.map(async (peer) => {
      const { node, reach } = peer;
      const isOpen = reach.kind === "tried" && reach.udp.kind === "unproven";
      const told = isOpen ? await lookAt(peer, names) : undefined;
      if (!told) return { node, sights: reach };
      const udp = judgeUdp({ rendezvous: reach.rendezvous, knet: reach.knet, byShell: told.udp });
      return { node, sights: { ...reach, udp, node: told.node ?? reach.node, pve: told.pve ?? reach.pve } };
    }),
  );
  return judged(own, seen);
}
