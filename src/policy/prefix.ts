/** An IPv4 or IPv6 network; a single address has all bits. */
export interface Prefix {
  readonly family: 4 | 6;
  readonly value: bigint;
  readonly bits: number;
}

/** The addresses that Tailscale gives to devices. */
export const TAILNET_RANGE: Prefix = { family: 4, value: 100n * 2n ** 24n + 64n * 2n ** 16n, bits: 10 };

/** Reads an address or network; undefined when it is neither. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = "", bitsText, ...more] = text.split("/");
  const value = address.includes(":") ? ipv6(address) : ipv4(address);
  if (value === undefined || more.length > 0) return undefined;
  const family = address.includes(":") ? 6 : 4;
  const width = family === 4 ? 32 : 128;
  if (bitsText === undefined) return { family, value, bits: width };
  if (!/^\d{1,3}$/.test(bitsText) || Number(bitsText) > width) return undefined;
  return { family, value, bits: Number(bitsText) };
}

/** Whether all addresses of `inner` are in `outer`. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.bits > inner.bits) return false;
  const rest = BigInt((outer.family === 4 ? 32 : 128) - outer.bits);
  return outer.value >> rest === inner.value >> rest;
}

function ipv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    // No leading zeros: Go refuses them too.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return BigInt(value);
}

function ipv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const last = (halves.length === 2 ? tail : head).at(-1);
  const groups = [head, tail].map((half) =>
    half.flatMap((group) => (group === last ? withIpv4(group) : [group])),
  );
  const [first = [], second = []] = groups;
  const missing = 8 - first.length - second.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...first, ...Array.from({ length: missing }, () => "0"), ...second];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return all.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n);
}

/** The last group of an IPv6 address may be written as an IPv4 address. */
function withIpv4(group: string): string[] {
  const value = group.includes(".") ? ipv4(group) : undefined;
  if (value === undefined) return [group];
  return [(value >> 16n).toString(16), (value & 0xffffn).toString(16)];
}
