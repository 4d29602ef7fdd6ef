/** What `pvecm status` tells of a member whose corosync runs. */
export interface PvecmStatus {
  readonly clusterName: string;
  readonly quorate: boolean;
  readonly expectedVotes: number;
  readonly totalVotes: number;
  /** Node ids of the present members: those that are away are not listed. */
  readonly presentIds: readonly number[];
  readonly ringId: string;
}

/**
 * Reads the text of `pvecm status`; undefined without a quorum part (corosync down, or standalone). The exit
 * code does not help: 2 means "standalone" as well as "clustered, not quorate". Source: proxmox.md 6.1.
 */
export function parsePvecmStatus(text: string): PvecmStatus | undefined {
  const value = (label: string) =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${label}:`))
      ?.slice(label.length + 1)
      .trim();
  const quorate = value("Quorate");
  const expected = Number.parseInt(value("Expected votes") ?? "", 10);
  const total = Number.parseInt(value("Total votes") ?? "", 10);
  if (quorate === undefined || Number.isNaN(expected) || Number.isNaN(total)) return undefined;
  const rows = [...text.matchAll(/^\s*0x([0-9a-f]{8})\s+\d+\s+\S/gm)];
  return {
    clusterName: value("Name") ?? "",
    quorate: quorate === "Yes",
    expectedVotes: expected,
    totalVotes: total,
    // The device of a qdevice is listed with id 0.
    presentIds: rows.map(([, hex = "0"]) => Number.parseInt(hex, 16)).filter((id) => id > 0),
    ringId: value("Ring ID") ?? "",
  };
}
