import type { Traffic } from "./access.ts";
import { type PortRange, rangeWords } from "./ports.ts";

/** What of a cluster is used, as far as it decides which ports must be open. */
export interface Features {
  /** Exact tag of the hosts. */
  readonly tag: string;
  /** Who reaches the web page: words of a policy, "autogroup:admin" or "group:ops". None: nobody but members. */
  readonly admins: readonly string[];
  /** Live migration in the clear (`insecure`), which needs ports of its own. */
  readonly migration: boolean;
  /** VNC and SPICE consoles from one member to another's port. */
  readonly console: boolean;
  /** Address or tag of an external vote (corosync-qnetd). */
  readonly qdevice: string | undefined;
  /** "svc:tailmox": one name for the web pages of all members; undefined: none. */
  readonly service: string | undefined;
}

/** Ports that must be open from one side to the other. */
export interface Need {
  readonly from: "members" | "admins";
  readonly to: "members" | "qdevice" | "service";
  readonly protocol: Traffic["protocol"];
  readonly ports: PortRange;
  readonly why: string;
  /** Without it hosts form no cluster at all. */
  readonly essential: boolean;
}

/** What a cluster with these features needs. Sources: proxmox.md 13, tailscale.md 3.3. */
export function needsOf({ admins, migration, console, qdevice, service }: Features): readonly Need[] {
  const members = { from: "members", to: "members", essential: true } as const;
  const extra = { ...members, essential: false } as const;
  return [
    { ...members, protocol: "tcp", ports: one(22), why: "SSH: pvecm, migration, shell of another node" },
    ...(admins.length > 0
      ? [{ ...extra, protocol: "tcp" as const, ports: one(443), why: "web page by tailscale serve" }]
      : []),
    { ...members, protocol: "tcp", ports: one(8006), why: "API and web page from node to node, join" },
    ...(console ? CONSOLE.map((each) => ({ ...extra, ...each })) : []),
    ...(migration ? [{ ...extra, ...MIGRATION }] : []),
    { ...members, protocol: "udp", ports: { first: 5405, last: 5412 }, why: "corosync, links 0 to 7" },
    { ...members, protocol: "icmp", ports: { first: 0, last: 65_535 }, why: "ping" },
    ...(qdevice === undefined ? [] : QDEVICE),
    ...(admins.length > 0 ? WEB : []),
    ...(service !== undefined && admins.length > 0 ? [SERVICE] : []),
  ];
}

/** "tcp 22", "udp 5405-5412", "icmp". */
export function needWords({ protocol, ports }: Pick<Need, "protocol" | "ports">): string {
  return protocol === "icmp" ? "icmp" : `${protocol} ${rangeWords(ports)}`;
}

/** The same as the `ip` of a grant: "tcp:22", "icmp:*". */
export function grantWord({ protocol, ports }: Pick<Need, "protocol" | "ports">): string {
  return `${protocol}:${protocol === "icmp" ? "*" : rangeWords(ports)}`;
}

const MIGRATION = {
  protocol: "tcp" as const,
  ports: { first: 60_000, last: 60_050 },
  why: "live migration with type insecure",
};

const CONSOLE = [
  { protocol: "tcp" as const, ports: one(3128), why: "SPICE consoles" },
  { protocol: "tcp" as const, ports: { first: 5900, last: 5999 }, why: "VNC consoles" },
];

const OPTIONAL = { essential: false } as const;

const QDEVICE: readonly Need[] = [
  {
    ...OPTIONAL,
    from: "members",
    to: "qdevice",
    protocol: "tcp",
    ports: one(22),
    why: "pvecm qdevice setup",
  },
  {
    ...OPTIONAL,
    from: "members",
    to: "qdevice",
    protocol: "tcp",
    ports: one(5403),
    why: "corosync-qnetd, the external vote",
  },
];

const WEB: readonly Need[] = [
  {
    ...OPTIONAL,
    from: "admins",
    to: "members",
    protocol: "tcp",
    ports: one(443),
    why: "web page by tailscale serve",
  },
  { ...OPTIONAL, from: "admins", to: "members", protocol: "tcp", ports: one(8006), why: "web page" },
];

const SERVICE: Need = {
  ...OPTIONAL,
  from: "admins",
  to: "service",
  protocol: "tcp",
  ports: one(443),
  why: "the cluster's own name",
};

function one(port: number): PortRange {
  return { first: port, last: port };
}
