import type { Host } from "../host/host.ts";
import { parsePveVersion } from "../proxmox/version.ts";
import type { Answering } from "../rendezvous/answer.ts";
import { echoByShell } from "../rendezvous/echo-by-shell.ts";
import { judged, type Own, type ReachedPeer } from "./preflight/preflight.ts";
import { judgeUdp } from "./preflight/udp.ts";

/** Root's shell on a peer; `names` are those of all peers. Undefined where none is to be had. */
export type ShellOf = (peer: ReachedPeer, names: readonly string[]) => Promise<Host | undefined>;

/**
 * Proves UDP where no tailmox runs: an echo of our own, run there for some seconds by root's shell. What such a shell
 * tells of the peer is judged along. All at once, 10 s at most each.
 */
export async function proveUdp(
  own: Own,
  reached: readonly ReachedPeer[],
  answering: Answering | undefined,
  shellOf: ShellOf,
): Promise<ReachedPeer[]> {
  const names = reached.map(({ node }) => node.name);
  const seen = await Promise.all(
    reached.map(async (peer) => {
      const { node, reach } = peer;
      const shell =
        reach.kind === "tried" && reach.udp.kind === "unproven" ? await shellOf(peer, names) : undefined;
      if (!shell) return { node, sights: reach };
      const [byShell, name, version] = await Promise.all([
        echoByShell(shell, { own: own.address, peer: node.address }, { from: answering, timeoutMs: 3_000 }),
        shell.run(["uname", "-n"], { timeoutMs: 5_000 }),
        shell.run(["pveversion"], { timeoutMs: 10_000 }),
      ]);
      const udp = judgeUdp({ rendezvous: reach.rendezvous, knet: reach.knet, byShell });
      const told = { node: name.stdout.trim().split(".")[0], pve: parsePveVersion(version.stdout)?.version };
      return { node, sights: { ...reach, udp, node: told.node || reach.node, pve: told.pve ?? reach.pve } };
    }),
  );
  return judged(own, seen);
}
