import type { KnetStats } from "../../corosync/cmap.ts";
import { askWebClock, type ClockSkew } from "../../host/clock.ts";
import type { Host } from "../../host/host.ts";
import { type PacketSizes, tryPacketSizes } from "../../host/packet-size.ts";
import { type Echoes, pingHost } from "../../host/ping.ts";
import { type TcpAnswer, tryTcp } from "../../host/tcp.ts";
import { readMemberVersion } from "../../proxmox/member-version.ts";
import type { RendezvousAnswer } from "../../rendezvous/ask.ts";
import { wakePath, wakeTunnel } from "../../tailnet/ping.ts";
import { type Path, parseStatus } from "../../tailnet/status.ts";
import type { Presence } from "../presence.ts";
import { ECHOES } from "./icmp.ts";
import { LADDER } from "./mtu.ts";
import { WAKING_PINGS } from "./online.ts";
import type { VisiblePeer } from "./preflight.ts";
import { NEEDED_PORTS, WEB_PORT } from "./tcp.ts";
import { judgeUdp, type UdpSight } from "./udp.ts";

/** What was seen between this host and one peer, before anybody judges it. */
export interface Sights {
  /** How far it came: a peer that is offline, or whose tailscaled does not answer, is tried no further. */
  readonly kind: "offline" | "no pong" | "tried";
  readonly path: Path;
  readonly echoes: Echoes;
  readonly packets: PacketSizes;
  readonly ports: ReadonlyMap<number, TcpAnswer>;
  readonly rendezvous: RendezvousAnswer;
  readonly udp: UdpSight;
  readonly knet: KnetStats | undefined;
  readonly clock: ClockSkew | undefined;
  /** Its node name and its version of Proxmox VE, where it told. */
  readonly node: string | undefined;
  readonly pve: string | undefined;
}

export interface FellowMember {
  readonly node: string;
  /** What corosync here says of its link 0 to it. */
  readonly knet: KnetStats | undefined;
}

/** What shows of a peer while it is still being tried. */
export interface FirstSight {
  /** Whether something takes connections on a needed port. */
  readonly isOpen: (port: (typeof NEEDED_PORTS)[number]) => Promise<boolean>;
  /** What a tailmox there told; undefined within half a second where none seems to run. */
  readonly told: Promise<RendezvousAnswer | undefined>;
  /** The same when all ports have been waited for. */
  readonly rendezvous: Promise<RendezvousAnswer>;
}

export interface Eyes {
  readonly host: Host;
  /** Tries UDP to a peer, and asks the tailmox there, if one runs. */
  readonly ask: Presence["ask"];
  /** Is shown each peer from the moment on that the way to it is awake. */
  readonly show?: ((peer: VisiblePeer, first: FirstSight) => void) | undefined;
  /** The other members of this host's cluster by their address; none where it is in none. */
  readonly members: ReadonlyMap<string, FellowMember>;
}

/** Tries everything to one peer, bounded to 9 s; all peers are tried at once. Throws E_TOOL_MISSING. */
export async function tryPeer(eyes: Eyes, peer: VisiblePeer): Promise<Sights> {
  const { host } = eyes;
  const { address, online } = peer;
  const pongs = await wakePath(host, address, online ? WAKING_PINGS : 1);
  const path = pongs.at(-1)?.path;
  // The control server may be late: that a peer is off takes its own silence, too, and the same word once more.
  if (!path && !online && (await isOnlineNow(host, address))) return tryPeer(eyes, { ...peer, online: true });
  // What the daemons cannot do, nothing above them can: one finding, and not five that follow from it.
  if (!path) return { ...NOTHING, kind: online ? "no pong" : "offline" };
  await wakeTunnel(host, address);
  const ports = new Map(PORTS.map((port) => [port, tryTcp(address, port, SILENCE_MS)]));
  const { told, rendezvous: asked } = askAtOnce(eyes, address);
  const isOpen: FirstSight["isOpen"] = async (port) => (await ports.get(port))?.kind === "open";
  eyes.show?.(peer, { isOpen, told, rendezvous: asked });
  const fellow = eyes.members.get(address);
  const [echoes, packets, rendezvous, clock, pve] = await Promise.all([
    pingHost(host, address, ECHOES, 100),
    tryPacketSizes(host, address, LADDER),
    asked,
    isOpen(8006).then((open) => (open ? askWebClock(address, 8006) : undefined)),
    fellow && readMemberVersion(host, fellow.node, 5_000),
  ]);
  const { facts } = rendezvous;
  const knet = fellow?.knet;
  return {
    kind: "tried",
    path,
    echoes,
    packets,
    rendezvous,
    clock,
    knet,
    ports: new Map(
      await Promise.all([...ports].map(async ([port, answer]) => [port, await answer] as const)),
    ),
    udp: judgeUdp({ rendezvous, knet }),
    node: facts?.node ?? fellow?.node,
    pve: facts?.pve ?? pve,
  };
}

async function isOnlineNow(host: Host, address: string): Promise<boolean> {
  const { stdout } = await host.run(["tailscale", "status", "--json"], { timeoutMs: 10_000 });
  return parseStatus(stdout)?.peers.some((peer) => peer.address === address && peer.online) ?? false;
}

/** Two of TCP's own repetitions fit in. */
const SILENCE_MS = 4_000;
const PORTS = [...NEEDED_PORTS, WEB_PORT] as const;

function askAtOnce({ ask }: Eyes, address: string): Pick<FirstSight, "told" | "rendezvous"> {
  const { promise: heard, resolve } = Promise.withResolvers<boolean>();
  const rendezvous = ask(address, resolve);
  const first = Promise.race([heard, rendezvous.then(() => false), Bun.sleep(FIRST_WORD_MS)]);
  return { rendezvous, told: first.then((somebody) => (somebody ? rendezvous : undefined)) };
}

/** Room for a long round trip, and for the peer's look at who asks. */
const FIRST_WORD_MS = 500;

const NOTHING: Omit<Sights, "kind"> = {
  path: { kind: "unknown" },
  echoes: { sent: 0, rttMs: [] },
  packets: { tried: [], largest: undefined, ownMtu: undefined },
  ports: new Map(),
  rendezvous: { echoes: new Map() },
  udp: { kind: "unproven" },
  knet: undefined,
  clock: undefined,
  node: undefined,
  pve: undefined,
};
