import type { Peer } from "./facts.ts";

/** Tailscale writes names in lower case, Proxmox keeps what the installer was told. */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The peer of this tailnet name or address. */
export function findPeer(peers: readonly Peer[], wanted: string): Peer | undefined {
  return peers.find((peer) => peer.address === wanted || sameName(peer.name, wanted));
}
