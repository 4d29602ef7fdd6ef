import { z } from "zod";
import { PveError } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { guestExec, guestExecStatus } from "./agent.ts";

const interfaces = z.array(
  z.object({
    ifname: z.string(),
    address: z.string().optional(),
    addr_info: z
      .array(z.object({ family: z.string(), local: z.string().optional(), prefixlen: z.number() }))
      .default([]),
  }),
);

/** The guest's network cards as its agent lists them. */
export async function guestNetwork(node: PveNode, vmid: number): Promise<unknown> {
  const pid = await guestExec(node, vmid, ["ip", "-json", "address", "show"]);
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await Bun.sleep(50)) {
    const status = await guestExecStatus(node, vmid, pid);
    if (status.exited) return shown(interfaces.parse(JSON.parse(status["out-data"] ?? "[]")));
  }
  throw new PveError("VM qmp command 'guest-network-get-interfaces' failed - got timeout");
}

function shown(cards: z.infer<typeof interfaces>): unknown {
  return cards.map(({ ifname, address, addr_info }) => ({
    name: ifname,
    ...(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(address ?? "") && { "hardware-address": address }),
    "ip-addresses": addr_info.flatMap(({ family, local, prefixlen }) =>
      local === undefined
        ? []
        : { "ip-address": local, "ip-address-type": family === "inet6" ? "ipv6" : "ipv4", prefix: prefixlen },
    ),
  }));
}
