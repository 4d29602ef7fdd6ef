import { z } from "zod";
import type { Reader } from "./host.ts";
import { parseJson } from "./json.ts";

/** An address on one of a host's network devices. */
export interface DeviceAddress {
  readonly device: string;
  readonly address: string;
  /** Length of its network's prefix; undefined where it is not told. */
  readonly bits: number | undefined;
}

/** All addresses of a host, IPv4 and IPv6, loopback among them; none where iproute2 does not say. */
export async function readAddresses(reader: Reader): Promise<DeviceAddress[]> {
  const { stdout } = await reader.run(["ip", "-json", "address", "show"], { timeoutMs: 5_000 });
  return parseAddresses(stdout);
}

/** Reads `ip -json address show`. */
export function parseAddresses(text: string): DeviceAddress[] {
  return (addressJson.safeParse(parseJson(text)).data ?? []).flatMap(({ ifname, addr_info }) =>
    addr_info.flatMap(({ local, prefixlen }) =>
      local === undefined ? [] : [{ device: ifname, address: local, bits: prefixlen }],
    ),
  );
}

const addressJson = z.array(
  z.object({
    ifname: z.string().default(""),
    addr_info: z
      .array(
        z.object({
          local: z.string().optional(),
          prefixlen: z.int().min(0).max(128).optional().catch(undefined),
        }),
      )
      .default([]),
  }),
);
