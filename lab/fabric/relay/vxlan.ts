/** Bytes of the VXLAN header (RFC 7348, chapter 5) that stands before the inner Ethernet frame. */
export const VXLAN_HEADER_BYTES = 8;

/** Bytes of an Ethernet header; what follows is the IP packet that a link's rate counts. */
export const ETHERNET_HEADER_BYTES = 14;

export type Route =
  | { readonly kind: "unicast"; readonly from: number; readonly to: number; readonly ipBytes: number }
  | { readonly kind: "multicast" | "malformed" };

/**
 * Reads who sent a VXLAN packet and whom it is for. The sender is its VNI, one per port; the receiver is
 * the last byte of the inner destination MAC, which the plan makes equal to that port's VNI.
 */
export function routeOf(packet: Uint8Array): Route {
  const headers = VXLAN_HEADER_BYTES + ETHERNET_HEADER_BYTES;
  if (packet.length < headers || ((packet[0] ?? 0) & VNI_PRESENT) === 0) return { kind: "malformed" };
  const from = ((packet[4] ?? 0) << 16) | ((packet[5] ?? 0) << 8) | (packet[6] ?? 0);
  if (((packet[8] ?? 0) & GROUP_BIT) !== 0) return { kind: "multicast" };
  for (let index = 0; index < PORT_MAC_PREFIX.length; index++) {
    if (packet[VXLAN_HEADER_BYTES + index] !== PORT_MAC_PREFIX[index]) return { kind: "malformed" };
  }
  return { kind: "unicast", from, to: packet[13] ?? 0, ipBytes: packet.length - headers };
}

/** Writes the receiver's VNI into the packet, in place. */
export function addressTo(packet: Uint8Array, vni: number): void {
  packet[4] = (vni >> 16) & 0xff;
  packet[5] = (vni >> 8) & 0xff;
  packet[6] = vni & 0xff;
}

const VNI_PRESENT = 0x08;
const GROUP_BIT = 0x01;
/** The MACs of lab/plan.ts: 02:00:00:00:00:VNI. */
const PORT_MAC_PREFIX = [0x02, 0, 0, 0, 0] as const;
