import { z } from "zod";
import { parseJson } from "../host/json.ts";

export type BackendState =
  | "NoState"
  | "InUseOtherUser"
  | "NeedsLogin"
  | "NeedsMachineAuth"
  | "Stopped"
  | "Starting"
  | "Running";

/** How packets to a peer travel; unknown when there was no traffic lately (tailscale.md 1.8). */
export type Path =
  | { readonly kind: "direct" | "peer relay"; readonly via: string }
  | { readonly kind: "DERP"; readonly region: string }
  | { readonly kind: "unknown" };

export interface TailnetNode {
  /** Stable id of the control server. */
  readonly id: string;
  /** First label of the DNS name: unique in the tailnet, unlike the host name. */
  readonly name: string;
  /** Without the trailing dot. */
  readonly dnsName: string;
  /** IPv4. */
  readonly address: string | undefined;
  readonly tags: readonly string[];
  /** Networks behind it that it is the way to, such as 192.168.1.0/24. */
  readonly routes: readonly string[];
  /** The control server's view; no proof of reachability. */
  readonly online: boolean;
  readonly path: Path;
  /** RFC 3339; undefined when the key never expires. */
  readonly keyExpiry: string | undefined;
}

export interface TailnetStatus {
  readonly version: string;
  /** false: no network interface, corosync cannot work. */
  readonly tun: boolean;
  readonly state: string;
  readonly authUrl: string;
  readonly self: TailnetNode;
  /** Names that this host can get a certificate for; none where the tailnet has no HTTPS (tailscale.md 1.12). */
  readonly certifiable: readonly string[];
  /** What the control server grants this host: name, and what belongs to it. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly peers: readonly TailnetNode[];
  readonly health: readonly string[];
  /** What the control server offers instead; absent where this is the latest, or it tells nothing (headscale). */
  readonly newer?: NewerVersion;
}

export interface NewerVersion {
  readonly version: string;
  /** An important security update is missing. */
  readonly urgent: boolean;
}

/** Reads `tailscale status --json`; undefined when it is something else. Source: tailscale.md 1.8. */
export function parseStatus(text: string): TailnetStatus | undefined {
  const parsed = statusJson.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { data } = parsed;
  return {
    version: data.Version,
    tun: data.TUN,
    state: data.BackendState,
    authUrl: data.AuthURL,
    self: node(data.Self),
    certifiable: "https" in (data.Self.CapMap ?? {}) ? (data.CertDomains ?? []) : [],
    capabilities: data.Self.CapMap ?? {},
    peers: Object.values(data.Peer ?? {}).map(node),
    health: data.Health ?? [],
    ...newer(data.ClientVersion),
  };
}

/** The nodes with exactly this tag: "tag:tailmox-old" is another one. */
export function withTag(nodes: readonly TailnetNode[], tag: string): TailnetNode[] {
  return nodes.filter((candidate) => candidate.tags.includes(tag));
}

const peerStatus = z.object({
  ID: z.string().default(""),
  DNSName: z.string().default(""),
  TailscaleIPs: z.array(z.string()).nullish(),
  Tags: z.array(z.string()).nullish(),
  PrimaryRoutes: z.array(z.string()).nullish(),
  Online: z.boolean().default(false),
  Active: z.boolean().default(false),
  CurAddr: z.string().default(""),
  PeerRelay: z.string().default(""),
  Relay: z.string().default(""),
  KeyExpiry: z.string().nullish(),
});

const statusJson = z.object({
  Version: z.string(),
  TUN: z.boolean().default(false),
  BackendState: z.string(),
  AuthURL: z.string().default(""),
  Self: peerStatus.extend({ CapMap: z.record(z.string(), z.unknown()).nullish() }),
  CertDomains: z.array(z.string()).nullish(),
  Peer: z.record(z.string(), peerStatus).nullish(),
  Health: z.array(z.string()).nullish(),
  // tailcfg.ClientVersion: what is false or empty is left out.
  ClientVersion: z
    .object({
      RunningLatest: z.boolean().default(false),
      LatestVersion: z.string().default(""),
      UrgentSecurityUpdate: z.boolean().default(false),
    })
    .nullish()
    .catch(undefined),
});

function newer(client: z.infer<typeof statusJson>["ClientVersion"]): Pick<TailnetStatus, "newer"> {
  if (!client || client.RunningLatest || client.LatestVersion === "") return {};
  return { newer: { version: client.LatestVersion, urgent: client.UrgentSecurityUpdate } };
}

function node(raw: z.infer<typeof peerStatus>): TailnetNode {
  const dnsName = raw.DNSName.replace(/\.$/, "");
  return {
    id: raw.ID,
    name: dnsName.split(".")[0] ?? "",
    dnsName,
    address: raw.TailscaleIPs?.find((address) => /^\d+\.\d+\.\d+\.\d+$/.test(address)),
    tags: raw.Tags ?? [],
    routes: raw.PrimaryRoutes ?? [],
    online: raw.Online,
    path: path(raw),
    keyExpiry: raw.KeyExpiry ?? undefined,
  };
}

/** `Relay` names the peer's home region always: only traffic without another path goes through it. */
function path(raw: z.infer<typeof peerStatus>): Path {
  if (raw.CurAddr !== "") return { kind: "direct", via: raw.CurAddr };
  if (raw.PeerRelay !== "") return { kind: "peer relay", via: raw.PeerRelay };
  return raw.Active ? { kind: "DERP", region: raw.Relay } : { kind: "unknown" };
}
