import { z } from "zod";
import type { Reader } from "./host.ts";
import { parseJson } from "./json.ts";

/** A network that this host has an address in. */
export interface Lan {
  readonly device: string;
  readonly address: string;
  /** Such as 192.168.1.0/24. */
  readonly network: string;
}

/** The IPv4 networks of this host, those of Tailscale and loopback left out; none where iproute2 does not say. */
export async function readLans(reader: Reader): Promise<Lan[]> {
  const { stdout } = await reader.run(["ip", "-json", "address", "show"], { timeoutMs: 5_000 });
  return parseLans(stdout);
}

/** Reads `ip -json address show`. */
export function parseLans(text: string): Lan[] {
  return (addressJson.safeParse(parseJson(text)).data ?? []).flatMap(({ ifname, addr_info }) =>
    ifname === "lo" || ifname.startsWith("tailscale")
      ? []
      : addr_info.flatMap(({ family, local, prefixlen }) => {
          if (family !== "inet" || local === undefined || prefixlen === undefined) return [];
          return [{ device: ifname, address: local, network: networkOf(local, prefixlen) }];
        }),
  );
}

function networkOf(address: string, bits: number): string {
  const mask = bits === 0 ? 0 : -1 << (32 - bits);
  const number = address.split(".").reduce((sum, part) => (sum << 8) | Number(part), 0) & mask;
  return `${[24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".")}/${bits}`;
}

const addressJson = z.array(
  z.object({
    ifname: z.string().default(""),
    addr_info: z
      .array(
        z.object({
          family: z.string().optional(),
          local: z.ipv4().optional().catch(undefined),
          prefixlen: z.int().min(0).max(128).optional(),
        }),
      )
      .default([]),
  }),
);
