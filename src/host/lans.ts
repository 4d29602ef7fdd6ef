import { isIPv4 } from "node:net";
import { type DeviceAddress, readAddresses } from "./addresses.ts";
import type { Reader } from "./host.ts";

/** A network that this host has an address in. */
export interface Lan {
  readonly device: string;
  readonly address: string;
  /** Such as 192.168.1.0/24. */
  readonly network: string;
}

/** The IPv4 networks of this host, those of Tailscale and loopback left out; none where iproute2 does not say. */
export async function readLans(reader: Reader): Promise<Lan[]> {
  return lansOf(await readAddresses(reader));
}

/** The IPv4 networks that these addresses are in, those of Tailscale and loopback left out. */
export function lansOf(addresses: readonly DeviceAddress[]): Lan[] {
  return addresses.flatMap(({ device, address, bits }) =>
    device === "lo" || device.startsWith("tailscale") || !isIPv4(address) || bits === undefined
      ? []
      : [{ device, address, network: networkOf(address, bits) }],
  );
}

function networkOf(address: string, bits: number): string {
  const mask = bits === 0 ? 0 : -1 << (32 - bits);
  const number = address.split(".").reduce((sum, part) => (sum << 8) | Number(part), 0) & mask;
  return `${[24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".")}/${bits}`;
}
