import type { Cluster } from "../cluster/facts.ts";
import { type JoinForecast, joinForecast } from "../cluster/join-forecast.ts";
import type { LatencyMatrix } from "../cluster/latency-matrix.ts";
import { fullMesh, type Mesh } from "../cluster/mesh.ts";
import { type RingPlace, ringPlace } from "../cluster/ring-place.ts";
import { parseSettingsFile } from "../cluster/settings-file.ts";
import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import { usesHa } from "../status/ha-risk.ts";
import { MASTER_CONF } from "../tune/guard-script.ts";
import type { KnownPeer } from "./ask-peers.ts";
import { type Joiner, measureJoinLinks } from "./join-links.ts";
import type { Company } from "./options.ts";

/** What is known of a join before it: where in the ring, and what will come of it. */
export interface JoinOutlook {
  readonly ringPlace: RingPlace;
  /** Undefined: some link is not known. */
  readonly mesh: Mesh | undefined;
  /** Or why there is none, in words. */
  readonly forecast: JoinForecast | string;
}

/**
 * Measures the links of the cluster with this host in it, places this host in the ring, and forecasts what they will
 * be like with the timers that the cluster has. Throws E_DEAD_PAIR: less than a full mesh never settles.
 */
export async function lookAtJoin(
  cluster: Cluster,
  self: Joiner,
  known: readonly KnownPeer[],
  company: Pick<Company, "talk" | "journal">,
): Promise<JoinOutlook> {
  const [matrix, timers] = await Promise.all([
    measureJoinLinks(cluster, self, known, company),
    readTimers(memberShell(cluster, known)),
  ]);
  const whole = meshOrWhy(matrix);
  const place = ringPlace(cluster.members, self.name, rttIn(matrix));
  if (typeof whole === "string") return { ringPlace: place, mesh: undefined, forecast: whole };
  const hosts = whole.hosts.map((host) =>
    host.name === self.name ? { ...host, nodeid: place.nodeid } : host,
  );
  const mesh = { ...whole, hosts };
  const forecast = forecastOf(mesh, timers);
  company.journal.write({ event: "forecast", ...(typeof forecast === "string" ? { forecast } : forecast) });
  return { ringPlace: place, mesh, forecast };
}

function meshOrWhy(matrix: LatencyMatrix): Mesh | string {
  try {
    return fullMesh(matrix);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (error.code !== "E_DEAD_PAIR") return `Not every link is known. ${error.message}`;
    throw new UserError("E_DEAD_PAIR", error.message, {
      likely: "a firewall, a tailnet policy or a router between them",
      mend: "mend that path (on one of the two: tailmox check THE-OTHER), then tailmox up",
    });
  }
}

function rttIn({ hosts, links }: LatencyMatrix) {
  const place = (name: string) => hosts.findIndex((host) => host.name === name);
  return (a: string, b: string) => links[place(a)]?.[place(b)]?.rttMs;
}

function memberShell({ members }: Cluster, known: readonly KnownPeer[]): Reader | undefined {
  const isMember = (address: string) => members.some(({ link0 }) => link0 === address);
  return known.find(({ peer, contact }) => contact.shell && isMember(peer.address))?.contact.shell;
}

interface Timers {
  /** corosync.conf. */
  readonly text: string;
  readonly ha: boolean;
}

/** Undefined where no member shows them. */
async function readTimers(member: Reader | undefined): Promise<Timers | undefined> {
  try {
    if (!member) return undefined;
    const [text, ha] = await Promise.all([member.text(MASTER_CONF), usesHa(member)]);
    return text === undefined ? undefined : { text, ha };
  } catch {
    return undefined;
  }
}

function forecastOf(mesh: Mesh, timers: Timers | undefined): JoinForecast | string {
  const unread = "No member let this host read the timers that are in force.";
  if (!timers) return unread;
  try {
    return joinForecast(mesh, parseSettingsFile(timers.text, MASTER_CONF), { ha: timers.ha });
  } catch (error) {
    return error instanceof UserError ? error.message : unread;
  }
}
