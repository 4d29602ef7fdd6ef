import { z } from "zod";
import type { Decision } from "../cluster/decide.ts";
import { inTailnetRange } from "../cluster/underlay.ts";
import { UserError } from "../errors.ts";
import type { Host, Reader } from "../host/host.ts";
import { parseJson } from "../host/json.ts";
import { type Lan, readLans } from "../host/lans.ts";
import { parseFirewall } from "../proxmox/firewall.ts";
import { readTailnet } from "../tailnet/facts.ts";
import type { KnownPeer } from "./ask-peers.ts";
import { readAdministrators } from "./preflight/administrator.ts";
import { shutOut, type Visitor } from "./preflight/firewall.ts";

interface About {
  readonly node: string;
  /** What its node name resolves to now. */
  readonly resolvesTo: readonly string[];
}

/**
 * Throws E_FIREWALL_LOCKOUT where Proxmox's firewall would shut out who reaches this host now, once its node name has
 * become its tailnet address: by its own configuration when it creates, by the cluster's when it joins.
 */
export async function assertWayIn(
  host: Host,
  about: About,
  decision: Decision,
  known: readonly KnownPeer[],
): Promise<void> {
  if (decision.kind !== "create" && decision.kind !== "join") return;
  const member =
    decision.kind === "join"
      ? known.find(({ peer }) => peer.address === decision.through.address)
      : undefined;
  // Without a shell there is no join: who reads these files is there.
  const source = decision.kind === "create" ? host : member?.contact.shell;
  if (!source) return;
  const [cluster, own, tailnet, visitors] = await Promise.all([
    firewallFile(source, "/etc/pve/firewall/cluster.fw"),
    firewallFile(source, `/etc/pve/nodes/${about.node}/host.fw`),
    readTailnet(host),
    readVisitors(host, about, known),
  ]);
  const tailscaleFirst = tailnet.kind === "answers" && tailnet.prefs.filtersPackets;
  const out = shutOut({ cluster, host: own, tailscaleFirst }, visitors);
  if (out.length > 0) throw lockedOut(out, decision.kind === "join" ? decision.through.name : undefined);
}

async function firewallFile(reader: Reader, path: string) {
  return parseFirewall((await reader.text(path)) ?? "");
}

async function readVisitors(host: Host, about: About, known: readonly KnownPeer[]): Promise<Visitor[]> {
  const [lans, people] = await Promise.all([readLans(host), readAdministrators(host)]);
  const lan = await ownLan(host, lans, about.resolvesTo);
  const visitors = [
    ...(lan ? [{ who: "this host's LAN", from: lan.network }] : []),
    ...people.map((from) => ({ who: "who is logged in here", from })),
    ...known.map(({ peer }) => ({ who: peer.name, from: peer.address })),
  ];
  return visitors.filter(({ from }, index) => visitors.findIndex((other) => other.from === from) === index);
}

/** The network of the node's name, as Proxmox takes it now; else the one that leads out. */
async function ownLan(
  host: Host,
  lans: readonly Lan[],
  resolvesTo: readonly string[],
): Promise<Lan | undefined> {
  const named = lans.find(({ address }) => resolvesTo.includes(address) && !inTailnetRange(address));
  if (named) return named;
  // Any address of the internet: only the way to it is asked for, and TEST-NET-1 is nobody's.
  const { stdout } = await host.run(["ip", "-json", "route", "get", "192.0.2.1"], { timeoutMs: 5_000 });
  const [route] = routeJson.safeParse(parseJson(stdout)).data ?? [];
  return lans.find(({ address }) => address === route?.prefsrc);
}

function lockedOut(out: readonly Visitor[], member: string | undefined): UserError {
  const names = out.map(({ who, from }) => `${who} (${from})`).join(", ");
  const where = member === undefined ? "here" : `on ${member}`;
  return new UserError("E_FIREWALL_LOCKOUT", `Proxmox's firewall would shut out ${names}`, {
    likely:
      "it is enabled, and takes the network of the node's address for the local one: with an address of the tailnet " +
      "there is none, so that only the IP set management counts, and it does not name all of them",
    mend:
      `${where}, Datacenter > Firewall > IPSet: put ${out.map(({ from }) => from).join(", ")} into the set ` +
      "management (make it, if there is none): docs/check.md#firewall",
  });
}

const routeJson = z.array(z.object({ prefsrc: z.string().optional() }));
