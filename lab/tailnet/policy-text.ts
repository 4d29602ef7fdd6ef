/** headscale's user that owns the tag: it has neither autogroup:admin nor autogroup:owner (tailscale.md 8.5). */
export const HEADSCALE_USER = "lab";

/** The least that a Proxmox cluster needs (tailscale.md 3.3), without the fields that headscale refuses. */
export const DEFAULT_POLICY = `// Policy of the lab's tailnet.
{
  "tagOwners": { "tag:tailmox": ["${HEADSCALE_USER}@"] },
  "grants": [
    { "src": ["tag:tailmox"], "dst": ["tag:tailmox"], "ip": [
      "tcp:22",          // SSH: pvecm add, migration tunnel
      "tcp:443",         // serve
      "tcp:8006",        // API between nodes, join
      "tcp:3128",        // SPICE proxy
      "tcp:60000-60050", // insecure live migration
      "udp:5405-5412",   // corosync links 0-7
      "icmp:*" ] },
    { "src": ["autogroup:member"], "dst": ["tag:tailmox"], "ip": ["tcp:443", "tcp:8006"] },
  ],
}
`;
