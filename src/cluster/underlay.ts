/** What of a host's own network can hurt it, as far as the rule needs it. */
export interface Underlay {
  readonly addresses: readonly { readonly device: string; readonly address: string }[];
  readonly gateways: readonly string[];
  readonly resolvers: readonly string[];
  /** Its own tailnet addresses: those are meant to be in 100.64.0.0/10. */
  readonly ownTailnet: readonly string[];
}

/**
 * What of the host's own network lies in 100.64.0.0/10, in words: tailscaled's firewall drops packets from
 * there that do not come through the tunnel. Source: tailscale.md 6.7.
 */
export function inProvidersNat({ addresses, gateways, resolvers, ownTailnet }: Underlay): string[] {
  return [
    ...addresses
      .filter(({ device, address }) => !device.startsWith("tailscale") && !ownTailnet.includes(address))
      .filter(({ address }) => inTailnetRange(address))
      .map(({ device, address }) => `${device} has the address ${address}`),
    ...gateways.filter(inTailnetRange).map((address) => `the gateway is ${address}`),
    // MagicDNS answers on this one by itself.
    ...resolvers
      .filter((address) => inTailnetRange(address) && address !== "100.100.100.100")
      .map((address) => `the name server is ${address}`),
  ];
}

/** 100.64.0.0/10: the tailnet's, and providers' for NAT of their own (RFC 6598). */
export function inTailnetRange(address: string): boolean {
  const [, first, second] = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(address) ?? [];
  return first === "100" && Number(second) >= 64 && Number(second) < 128;
}

/** Gateways and name servers that are guests of this very host, in words, by the MACs that answer for them. */
export function guestsOnTheWay(
  { gateways, resolvers }: Pick<Underlay, "gateways" | "resolvers">,
  neighbours: ReadonlyMap<string, string>,
  guestMacs: ReadonlyMap<string, string>,
): string[] {
  return [...new Set([...gateways, ...resolvers])].flatMap((address) => {
    const guest = guestMacs.get(neighbours.get(address) ?? "");
    const kinds = [
      ...(gateways.includes(address) ? ["gateway"] : []),
      ...(resolvers.includes(address) ? ["name server"] : []),
    ];
    return guest === undefined ? [] : [`the ${kinds.join(" and ")} ${address} is ${guest} of this host`];
  });
}
