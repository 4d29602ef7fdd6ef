/**
 * The network that carries the emulated internet: one veth between the fabric's and the relay's
 * namespace. No host is on it, so every lab can use the same addresses.
 */
export const UNDERLAY = {
  fabricAddress: "10.200.0.1",
  relayAddress: "10.200.0.2",
  prefix: 24,
  /** The port that VXLAN has at IANA; source and destination of every packet. */
  port: 4789,
  /** Room for 1500 inside and 50 of Ethernet, VXLAN, UDP and IP headers. */
  mtu: 1600,
} as const;
