import { z } from "zod";
import { type DeviceAddress, readAddresses } from "./addresses.ts";
import type { Reader } from "./host.ts";
import { parseJson } from "./json.ts";

/** What this host's way into the internet is made of. */
export interface Network {
  readonly addresses: readonly DeviceAddress[];
  /** Routers of the default routes, IPv4 and IPv6. */
  readonly gateways: readonly string[];
  /** Name servers of /etc/resolv.conf. */
  readonly resolvers: readonly string[];
  /** Addresses of the neighbours that answered lately, with their MAC in lower case. */
  readonly neighbours: ReadonlyMap<string, string>;
}

/** Reads addresses, default routes, name servers and neighbours; empty where iproute2 does not say. */
export async function readNetwork(reader: Reader): Promise<Network> {
  const ip = async (...words: readonly string[]) =>
    (await reader.run(["ip", "-json", ...words], { timeoutMs: 5_000 })).stdout;
  const [addresses, routes, routes6, neighbours, resolver] = await Promise.all([
    readAddresses(reader),
    ip("route", "show", "default"),
    ip("-6", "route", "show", "default"),
    ip("neigh", "show"),
    reader.text("/etc/resolv.conf"),
  ]);
  return {
    addresses,
    gateways: [...parseGateways(routes), ...parseGateways(routes6)],
    resolvers: parseResolvers(resolver ?? ""),
    neighbours: parseNeighbours(neighbours),
  };
}

/** Reads `ip -json route show default`; a route with several next hops has them all. */
export function parseGateways(text: string): string[] {
  const routes = routeJson.safeParse(parseJson(text)).data ?? [];
  const hops = routes.flatMap(({ gateway, nexthops }) => [gateway, ...nexthops.map((hop) => hop.gateway)]);
  return [...new Set(hops.flatMap((hop) => (hop === undefined ? [] : [hop])))];
}

/** Reads `ip -json neigh show`; those without a MAC did not answer. */
export function parseNeighbours(text: string): Map<string, string> {
  const rows = neighbourJson.safeParse(parseJson(text)).data ?? [];
  return new Map(
    rows.flatMap(({ dst, lladdr }): [string, string][] =>
      lladdr === undefined ? [] : [[dst, lladdr.toLowerCase()]],
    ),
  );
}

/** The name servers in resolv.conf. */
export function parseResolvers(text: string): string[] {
  return [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].flatMap(([, server]) => server ?? []);
}

const hop = z.object({ gateway: z.string().optional() });
const routeJson = z.array(hop.extend({ nexthops: z.array(hop).default([]) }));

const neighbourJson = z.array(z.object({ dst: z.string(), lladdr: z.string().optional() }));
