/** How far `pvecm add` came, and what it said. */
export interface JoinOutput {
  /** The last line of success was printed: the only sign that counts, since pvecm exits 0 on failure too. */
  readonly added: boolean;
  /** True once the member was asked to add this node: from here on the cluster may list it. */
  readonly requested: boolean;
  /** What it does now, for people. */
  readonly stage: string;
  /** The reasons that it gave for a refusal. */
  readonly complaints: readonly string[];
}

/** Reads what `pvecm add` printed so far. Source: proxmox.md 4.2 to 4.4. */
export function readJoinOutput(stdout: string, stderr = ""): JoinOutput {
  const lines = stdout.split("\n").map((line) => line.trim());
  const has = (mark: string) => lines.some((line) => line.includes(mark));
  const reached = STAGES.filter(([mark]) => has(mark)).at(-1);
  const complaints = [
    ...lines.filter((line) => /^[*!] /.test(line)).map((line) => line.slice(2)),
    ...lines.flatMap((line) => line.match(/^An error occurred on the cluster node: (.*)$/)?.[1] ?? []),
    // Over ssh the member's own words come as they are.
    ...lines.filter((line) => /^[^*!A].*(?: error: |can't |cannot |Permission denied)/.test(line)),
    ...stderr.split("\n").filter((line) => line.trim() !== ""),
  ];
  return {
    added: lines.some((line) => /^successfully added node '.*' to cluster\.$/.test(line)),
    requested: has("Request addition of this node") || has("copy corosync auth key"),
    stage: reached?.[1] ?? "starting",
    complaints,
  };
}

/** Marks in the output, in their order, and what goes on after each. */
const STAGES: readonly (readonly [string, string])[] = [
  ["Establishing API connection", "logging in"],
  ["Login succeeded", "asking for the cluster's version"],
  ["Request addition of this node", "asking to be added"],
  ["Join request OK", "taking over the cluster's configuration"],
  ["copy corosync auth key", "taking over the cluster's configuration"],
  ["stopping pve-cluster service", "taking over the cluster's configuration"],
  ["waiting for quorum...", "waiting for quorum"],
  ["waiting for quorum...OK", "making certificates"],
];
