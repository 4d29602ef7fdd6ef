/** How fast echoes are sent: so many from each host to each other one. */
export interface Pace {
  readonly count: number;
  readonly intervalMs: number;
}

/**
 * Ten echoes a second, or fewer where a host has many peers: what a host sends, its answers to the others included,
 * stays below 80 kbit/s; up to 12 hosts the probes of the MTU, once, leave the whole below 1 % of 10 Mbit/s.
 */
export function gentlePace(hosts: number, durationMs: number): Pace {
  const intervalMs = Math.ceil(Math.max(100, ((hosts - 1) * 2 * ECHO_BITS) / BITS_PER_MS));
  return { count: Math.max(2, Math.floor(durationMs / intervalMs)), intervalMs };
}

/** 84 bytes of IP, padded to 96, and 60 of WireGuard, UDP and IP around them. */
const ECHO_BITS = 156 * 8;
const BITS_PER_MS = 80;
