import { createHash } from "node:crypto";
import { join } from "node:path";
import { labDir, projectDir } from "./paths.ts";
import type { LinkSettings, Scenario } from "./scenario.ts";

/** One port on the lab's internet: a VXLAN device with its own VNI, in a namespace of its own. */
export interface WanPort {
  /** Also the last byte of address and MAC: 1..250. */
  readonly vni: number;
  /** A host's name, `router-SITE`, `control` or `internet`. */
  readonly role: string;
  readonly namespace: string;
  readonly mac: string;
  readonly address: string;
}

export interface HostPlan {
  readonly name: string;
  readonly site: string;
  readonly release: "pve8" | "pve9";
  readonly rootfs?: string;
  readonly tailscale: boolean;
  /** The host whose VM moves in here; absent for a host that the lab boots itself. */
  readonly bayOf?: string;
  readonly namespace: string;
  /** State of this host: disk.img, disk/, root/, ... */
  readonly dir: string;
  /** The LAN of its site, on lan0; behind NAT also the way out. */
  readonly lan: { readonly address: string; readonly prefix: 24; readonly mac: string };
  /** Absent behind NAT: then the site's router holds the port. */
  readonly wan?: WanPort;
  /** root's password, for `pvecm add` by API and for people. A lab's only: no secret. */
  readonly password: string;
}

export interface SitePlan {
  readonly name: string;
  /** The namespace that holds the LAN bridge and, with NAT, the router. */
  readonly namespace: string;
  readonly nat: boolean;
  readonly natPorts: "preserve" | "random";
  /** The router's address on the LAN, default gateway of hosts behind NAT. */
  readonly gateway: string;
  readonly wan?: WanPort;
}

/** Everything about one lab that is decided before anything is made. Written to DIR/plan.json. */
export interface LabPlan {
  readonly name: string;
  /** Six hex digits of checkout and name: keeps the namespaces of two labs apart. */
  readonly id: string;
  readonly dir: string;
  readonly scenario: Scenario;
  readonly sites: readonly SitePlan[];
  readonly hosts: readonly HostPlan[];
  /** The control server (headscale, or Tailscale's test server) with DERP and STUN. */
  readonly control: WanPort;
  /** Name server, the vendor's apt repository, the certificate authority. */
  readonly internet: WanPort;
  /** All ports, by VNI. */
  readonly ports: readonly WanPort[];
  /** One entry per unordered pair of ports. */
  readonly links: readonly { readonly a: string; readonly b: string; readonly settings: LinkSettings }[];
}

/** Decides names, addresses and links of a lab; pure, so that the same scenario gives the same lab. */
export function planLab(name: string, scenario: Scenario): LabPlan {
  const id = createHash("sha256").update(`${projectDir}\0${name}`).digest("hex").slice(0, 6);
  const dir = labDir(name);
  const namespace = (role: string) => `tmx-${id}-${role}`;
  const ports: WanPort[] = [];
  const port = (role: string, inNamespace = namespace(role)): WanPort => {
    const vni = ports.length + 2;
    const made = {
      vni,
      role,
      namespace: inNamespace,
      mac: `02:00:00:00:00:${vni.toString(16).padStart(2, "0")}`,
      address: `10.66.0.${vni}`,
    };
    ports.push(made);
    return made;
  };
  const control = port("control");
  const internet = port("internet");
  const sites = scenario.sites.map((site, index): SitePlan => {
    const own = namespace(`site-${site.name}`);
    const common = {
      name: site.name,
      namespace: own,
      nat: site.nat ?? false,
      natPorts: site.natPorts ?? "preserve",
      gateway: `192.168.${index + 1}.1`,
    };
    return common.nat ? { ...common, wan: port(`router-${site.name}`, own) } : common;
  });
  const hosts = scenario.hosts.map((host, index): HostPlan => {
    const siteIndex = scenario.sites.findIndex((site) => site.name === host.site);
    const nat = sites[siteIndex]?.nat ?? false;
    return {
      name: host.name,
      site: host.site,
      release: host.release,
      ...(host.rootfs && { rootfs: host.rootfs }),
      tailscale: host.tailscale ?? false,
      ...(host.bayOf && { bayOf: host.bayOf }),
      namespace: namespace(host.name),
      dir: join(dir, "hosts", host.name),
      lan: {
        address: `192.168.${siteIndex + 1}.${index + 11}`,
        prefix: 24,
        mac: `02:00:00:01:00:${(index + 1).toString(16).padStart(2, "0")}`,
      },
      ...(!nat && { wan: port(host.name) }),
      password: `lab-${host.name}`,
    };
  });
  return {
    name,
    id,
    dir,
    scenario,
    sites,
    hosts,
    control,
    internet,
    ports,
    links: planLinks(scenario, ports, hosts),
  };
}

/** The settings for every pair of ports: an entry for hosts beats one for their sites, which beats the default. */
function planLinks(
  scenario: Scenario,
  ports: readonly WanPort[],
  hosts: readonly HostPlan[],
): LabPlan["links"] {
  const siteOf = (role: string) =>
    role.startsWith("router-")
      ? role.slice("router-".length)
      : hosts.find((host) => host.name === role)?.site;
  const find = (a: string | undefined, b: string | undefined) =>
    scenario.links.find((link) => (link.a === a && link.b === b) || (link.a === b && link.b === a));
  return ports.flatMap((first, index) =>
    ports.slice(index + 1).map((second) => {
      const [a, b] = [first.role, second.role];
      const siteA = siteOf(a);
      const siteB = siteOf(b);
      const named = find(a, b) ?? find(siteA, b) ?? find(a, siteB) ?? find(siteA, siteB);
      const sameSite = siteA !== undefined && siteA === siteB;
      if (!named) return { a, b, settings: sameSite ? { rttMs: 1 } : scenario.defaultLink };
      const { a: _a, b: _b, ...settings } = named;
      return { a, b, settings };
    }),
  );
}
