import type { KnetStats } from "../../corosync/cmap.ts";
import { askWebClock, type ClockSkew } from "../../host/clock.ts";
import type { Host } from "../../host/host.ts";
import { type PacketSizes, tryPacketSizes } from "../../host/packet-size.ts";
import { type Echoes, pingHost } from "../../host/ping.ts";
import { type TcpAnswer, tryTcp } from "../../host/tcp.ts";
import { readMemberVersion } from "../../proxmox/member-version.ts";
import type { RendezvousAnswer } from "../../rendezvous/ask.ts";
import { wakePath, wakeTunnel } from "../../tailnet/ping.ts";
import type { Path, TailnetNode } from "../../tailnet/status.ts";
import { ECHOES } from "./icmp.ts";
import { LADDER } from "./mtu.ts";
import { WAKING_PINGS } from "./online.ts";
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

export interface Eyes {
  readonly host: Host;
  /** Tries UDP to a peer, and asks the tailmox there, if one runs. */
  readonly ask: (address: string) => Promise<RendezvousAnswer>;
  /** The other members of this host's cluster by their address; none where it is in none. */
  readonly members: ReadonlyMap<string, FellowMember>;
}

/** Tries everything to one peer, bounded to 9 s; all peers are tried at once. Throws E_TOOL_MISSING. */
export async function tryPeer(eyes: Eyes, peer: TailnetNode & { address: string }): Promise<Sights> {
  if (!peer.online) return { ...NOTHING, kind: "offline" };
  const { host } = eyes;
  const { address } = peer;
  const pongs = await wakePath(host, address, WAKING_PINGS);
  const path = pongs.at(-1)?.path;
  // What the daemons cannot do, nothing above them can: one finding, and not five that follow from it.
  if (!path) return { ...NOTHING, kind: "no pong" };
  await wakeTunnel(host, address);
  const web = tryTcp(address, 8006, SILENCE_MS);
  const fellow = eyes.members.get(address);
  const [echoes, packets, rendezvous, clock, pve, ...answers] = await Promise.all([
    pingHost(host, address, ECHOES, 100),
    tryPacketSizes(host, address, LADDER),
    eyes.ask(address),
    web.then((answer) => (answer.kind === "open" ? askWebClock(address, 8006) : undefined)),
    fellow && readMemberVersion(host, fellow.node, 5_000),
    ...PORTS.map((port) => (port === 8006 ? web : tryTcp(address, port, SILENCE_MS))),
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
    ports: new Map(PORTS.map((port, index) => [port, answers[index] ?? NOT_TRIED])),
    udp: judgeUdp({ rendezvous, knet }),
    node: facts?.node ?? fellow?.node,
    pve: facts?.pve ?? pve,
  };
}

/** Two of TCP's own repetitions fit in. */
const SILENCE_MS = 4_000;
const PORTS = [...NEEDED_PORTS, WEB_PORT] as const;
const NOT_TRIED: TcpAnswer = { kind: "failed", reason: "not tried" };

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
