/** Ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export const ALL_PORTS: PortRange = { first: 0, last: 65_535 };

/** Reads "22", "80,443", "5405-5412" or "*". Gives the fault in words instead when there is one. */
export function parsePorts(text: string): readonly PortRange[] | string {
  if (text === "*") return [ALL_PORTS];
  const ranges: PortRange[] = [];
  for (const part of text.split(",")) {
    const [from = "", to = from, ...more] = part.split("-");
    const range = { first: portOf(from), last: portOf(to) };
    if (more.length > 0 || range.first === undefined || range.last === undefined) {
      return `"${part}" is neither a port nor a range of ports`;
    }
    if (range.first > range.last) return `"${part}": the first port is greater than the last`;
    if (range.last === 0) return `"${part}": the first port must be > 0, or use "*"`;
    ranges.push({ first: range.first, last: range.last });
  }
  return ranges;
}

/**
 * The numbers of a protocol's name or number; undefined when there is no such protocol. Source: the list that
 * headscale 0.29 and the hosted service share.
 */
export function protocolNumber(name: string): number | undefined {
  const known = PROTOCOLS[name];
  if (known !== undefined) return known;
  if (!/^[1-9]\d{0,2}$/.test(name)) return undefined;
  return Number(name) <= 255 ? Number(name) : undefined;
}

/** What a rule without protocol means: TCP, UDP, ICMP for IPv4 and for IPv6 (tailscale.md 3.2). */
export const DEFAULT_PROTOCOLS: readonly number[] = [6, 17, 1, 58];

/** Protocols that have ports: TCP, UDP, SCTP. */
export function hasPorts(protocol: number): boolean {
  return protocol === 6 || protocol === 17 || protocol === 132;
}

export function rangeWords({ first, last }: PortRange): string {
  if (first === 0 && last === 65_535) return "every port";
  return first === last ? String(first) : `${first}-${last}`;
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipv4: 4,
  "ip-in-ip": 4,
  tcp: 6,
  egp: 8,
  igp: 9,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  "ipv6-icmp": 58,
  sctp: 132,
  fc: 133,
};

function portOf(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}
