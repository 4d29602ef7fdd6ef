import type { HostPlan, LabPlan, SitePlan, WanPort } from "../plan.ts";
import { fabricNamespace, relayNamespace } from "./namespaces.ts";
import { UNDERLAY } from "./underlay.ts";

/** Lines for `ip -batch` inside one namespace. */
export interface Batch {
  readonly namespace: string;
  readonly lines: readonly string[];
}

/**
 * The devices of a lab, each made right where it belongs; the batches do not depend on each other.
 * A VXLAN device keeps the UDP socket of the namespace that made it, here the fabric's: its own namespace
 * never sees the underlay (tailscale.md 9.1).
 */
export function deviceBatches(plan: LabPlan): Batch[] {
  const underlay = [
    `link add f0 mtu ${UNDERLAY.mtu} type veth peer name r0 mtu ${UNDERLAY.mtu} netns ${relayNamespace(plan)}`,
    `address add ${UNDERLAY.fabricAddress}/${UNDERLAY.prefix} dev f0`,
    "link set lo up",
    "link set f0 up",
  ];
  return [
    { namespace: fabricNamespace(plan), lines: [...underlay, ...plan.ports.map(vxlan)] },
    ...plan.sites.map((site) => ({
      namespace: site.namespace,
      lines: lan(
        site,
        plan.hosts.filter((host) => host.site === site.name),
      ),
    })),
  ];
}

/** Addresses, neighbours and routes, once all devices are there; the batches do not depend on each other. */
export function addressBatches(plan: LabPlan): Batch[] {
  const relay = {
    namespace: relayNamespace(plan),
    lines: [
      `address add ${UNDERLAY.relayAddress}/${UNDERLAY.prefix} dev r0`,
      "link set lo up",
      "link set r0 up",
    ],
  };
  const ends = [plan.control, plan.internet].map((port) => ({
    namespace: port.namespace,
    lines: [LOOPBACK_UP, ...wanAddress(plan, port)],
  }));
  const sites = plan.sites.map((site) => ({
    namespace: site.namespace,
    lines: [LOOPBACK_UP, ...(site.wan ? wanAddress(plan, site.wan) : [])],
  }));
  const hosts = plan.hosts.map((host) => ({
    namespace: host.namespace,
    lines: [LOOPBACK_UP, ...hostAddresses(plan, host)],
  }));
  return [relay, ...ends, ...sites, ...hosts];
}

const LOOPBACK_UP = "link set lo up";

/** `srcport`: only 4789, so that the relay can use one connected socket. */
function vxlan(port: WanPort): string {
  const { relayAddress, port: udp } = UNDERLAY;
  return (
    `link add name wan0 netns ${port.namespace} address ${port.mac} mtu 1500 ` +
    `type vxlan id ${port.vni} remote ${relayAddress} dstport ${udp} srcport ${udp} ${udp + 1} nolearning`
  );
}

function lan(site: SitePlan, hosts: readonly HostPlan[]): string[] {
  return [
    `link add name lan0 type bridge stp_state 0 mcast_snooping 0`,
    ...hosts.flatMap((host, index) => [
      `link add name port${index} type veth peer name lan0 address ${host.lan.mac} netns ${host.namespace}`,
      `link set port${index} master lan0`,
      `link set port${index} up`,
    ]),
    ...(site.nat ? [`address add ${site.gateway}/24 dev lan0`] : []),
    "link set lan0 up",
  ];
}

/**
 * All ports are neighbours on one /16, known beforehand: there is no broadcast. The way to everywhere else
 * is the `internet` port, which knows no such place and says so at once (net unreachable).
 */
function wanAddress(plan: LabPlan, port: WanPort): string[] {
  const others = plan.ports.filter((other) => other.vni !== port.vni);
  return [
    `address add ${port.address}/16 dev wan0`,
    "link set wan0 up",
    ...others.map((other) => `neighbour replace ${other.address} lladdr ${other.mac} nud permanent dev wan0`),
    ...(port.role === "internet" ? [] : [`route add default via ${plan.internet.address} dev wan0`]),
  ];
}

function hostAddresses(plan: LabPlan, host: HostPlan): string[] {
  const site = plan.sites.find(({ name }) => name === host.site);
  return [
    `address add ${host.lan.address}/${host.lan.prefix} dev lan0`,
    `link set lan0 up`,
    ...(host.wan ? wanAddress(plan, host.wan) : []),
    ...(!host.wan && site ? [`route add default via ${site.gateway} dev lan0`] : []),
  ];
}
