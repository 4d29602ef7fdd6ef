import type { Cluster, Finding } from "../cluster/facts.ts";
import type { Mesh } from "../cluster/mesh.ts";
import type { Host } from "../host/host.ts";
import type { KnownPeer } from "./ask-peers.ts";
import { type ClusterOutcome, type Made, makeMember } from "./cluster.ts";
import { releaseGuard, tellGuardNews } from "./guard-news.ts";
import type { HostFacts } from "./host-facts.ts";
import { forecastResult } from "./join-forecast.ts";
import type { Outlook } from "./look-again.ts";
import type { Company, UpOptions } from "./options.ts";
import { lookAtOwnHost } from "./own-host.ts";
import { assertOwnRisks } from "./own-risks.ts";
import { meetPeers } from "./peers.ts";
import { bePresent } from "./presence.ts";
import { assertServiceCan, type OfferedService, showService } from "./service.ts";
import { joinTailnet } from "./tailnet.ts";
import { endUnfinished } from "./unfinished.ts";
import { verifyMember } from "./verify.ts";
import { finishWeb, showWeb, type Web } from "./web.ts";

/** What `up` found and did; the `result` of `tailmox up --json`. */
export interface UpResult {
  readonly node: string;
  readonly pve: string;
  readonly host: HostFacts;
  /** "staged": ended before any peer was asked, as --staging says. */
  readonly outcome: ClusterOutcome | "staged";
  /** Absent when a dry run ended before the tailnet was there. */
  readonly tailnet?: { readonly address: string; readonly dnsName: string; readonly version: string };
  readonly web?: Web;
  readonly service?: OfferedService;
  readonly peers: readonly {
    readonly name: string;
    readonly address: string;
    readonly rttMs: number | null;
    readonly unproven: readonly Finding[];
    readonly warnings: readonly Finding[];
  }[];
  /** Of a join. */
  readonly forecast?: ReturnType<typeof forecastResult>;
  readonly cluster?: Cluster;
}

/** And what it measured of a cluster that this host has joined: for whoever goes on from there. */
export interface UpEnd extends UpResult {
  readonly mesh?: Mesh | undefined;
}

/** facts -> plan -> consent -> apply -> verify, for this host. Throws UserError when it cannot be. */
export async function up(host: Host, options: UpOptions, company: Company): Promise<UpEnd> {
  const { talk } = company;
  await tellGuardNews(host, options, talk);
  await endUnfinished(host, options, company);
  const own = await lookAtOwnHost(host, talk);
  company.journal.write({ event: "host", ...own.facts });
  assertOwnRisks(own, options, talk);
  const about = { node: own.node.name, pve: own.node.pve.version, host: own.facts };
  const tailnet = await joinTailnet(host, own.node, options, company);
  if (!tailnet) {
    talk.note("What comes after can be known only from inside the tailnet.");
    return { ...about, outcome: "dry run", peers: [] };
  }
  const node = { ...about, address: tailnet.address, dnsName: tailnet.status.self.dnsName };
  const wanted = options.staging ? undefined : options.service;
  const service = wanted && (await assertServiceCan(host, tailnet.status, wanted));
  const webPhase = await showWeb(host, node.node, tailnet, options, company);
  const self = {
    address: node.address,
    dnsName: node.dnsName,
    version: tailnet.status.version,
  };
  if (options.staging) {
    const outcome = options.dryRun ? "dry run" : "staged";
    return { ...about, outcome, tailnet: self, web: webPhase.web, peers: [] };
  }
  const { outcome, known, join } = await amongPeers({ host, own, tailnet, options, company });
  const found = {
    ...about,
    outcome,
    tailnet: self,
    web: webPhase.web,
    peers: known.map(summary),
    ...(join && { forecast: forecastResult(join) }),
  };
  if (outcome === "dry run") return found;
  const member = { node: own.node.name, address: tailnet.address, known };
  const cluster = await verifyMember(host, { ...member, changed: outcome !== "nothing to do" }, talk);
  await releaseGuard(host, options, talk);
  const web = await finishWeb(host, webPhase, { ...node }, company);
  const offered = service && (await showService(host, node.node, service, options, company));
  const changed = outcome === "nothing to do" && webPhase.changed;
  return {
    ...found,
    outcome: changed ? "changed" : outcome,
    web,
    ...(offered && { service: offered }),
    cluster,
    mesh: join?.mesh,
  };
}

/** Peers get answers from here as long as this host decides, and while it changes. */
async function amongPeers(outlook: Outlook): Promise<Made> {
  const { host, own, tailnet, options, company } = outlook;
  const { version, tag } = options;
  const spec = { node: own.node.name, pve: own.node.pve.version, version, address: tailnet.address, tag };
  const presence = await bePresent(host, spec);
  try {
    const among = { ...outlook, company: { ...company, presence } };
    return await makeMember(among, await othersFor(among));
  } finally {
    presence.close();
  }
}

/** A member has nothing to decide, unless it was told to go elsewhere, or its cluster may give way to another. */
async function othersFor({ host, own, tailnet, options, company }: Outlook): Promise<KnownPeer[]> {
  const { place } = own;
  if (place.kind === "standalone" || options.join !== undefined) {
    return meetPeers(host, own, tailnet, options, company);
  }
  if (!place.cluster.provisional) return [];
  return meetPeers(host, own, tailnet, { ...options, peerWaitMs: 0 }, { ...company, ask: undefined });
}

function summary({ peer }: KnownPeer): UpResult["peers"][number] {
  const { name, address, rttMs, unproven, warnings } = peer;
  return { name, address, rttMs: rttMs ?? null, unproven, warnings };
}
