/** What `up` does only when it is agreed to by name: --accept-risk NAME. */
export const RISKS = [
  "lose-ssh",
  "cgnat",
  "router-guest",
  "storage-name",
  "udp-unproven",
  "forecast-red",
] as const;
export type Risk = (typeof RISKS)[number];
