import type { LatencyMatrixFile } from "../cluster/latency-matrix.ts";
import { oneWayLoss } from "./figures.ts";
import type { MeasuredLink, Measurement } from "./measure.ts";

/**
 * A measurement in the form that `--matrix` reads. Loss is that of the pair, from the echoes of both ends. A pair that
 * nobody could measure is not in it; one through which no echo and no ping of corosync came has loss 1.
 */
export function matrixFile({ hosts, links }: Measured): LatencyMatrixFile {
  return {
    schemaVersion: 1,
    hosts: hosts.map(({ name, nodeid }) => ({ name, ...(nodeid !== undefined && { nodeid }) })),
    links: links.flatMap((link) => {
      const back = links.find(({ from, to }) => from === link.to && to === link.from);
      return fileLink(link, back);
    }),
  };
}

/** As much of a measurement as the file holds. */
type Measured = Pick<Measurement, "links"> & {
  readonly hosts: readonly Pick<Measurement["hosts"][number], "name" | "nodeid">[];
};

/** The same as CSV, which holds no sources, paths or numbers of probes. */
export function matrixCsv(measurement: Measurement): string {
  const rows = matrixFile(measurement).links.map(({ from, to, rttMs, jitterMs, loss }) =>
    [from, to, rttMs, jitterMs ?? "", loss ?? ""].join(","),
  );
  return `${["from,to,rtt_ms,jitter_ms,loss", ...rows].join("\n")}\n`;
}

type FileLink = LatencyMatrixFile["links"][number];

function fileLink(link: MeasuredLink, back: MeasuredLink | undefined): FileLink[] {
  const { from, to, rttMs, mtu, path, knet } = link;
  const common = { from, to, ...(mtu !== undefined && { mtu }), ...(path !== undefined && { path }) };
  if (rttMs) {
    const { sent, lost } = pairLoss(link, back);
    const loss = round(oneWayLoss(sent, lost), 5);
    return [{ ...common, rttMs: round(rttMs.median, 3), jitterMs: round(rttMs.jitter, 3), loss, sent, lost }];
  }
  // Echoes may be forbidden where corosync is not; its own pings then tell the round trip, but not the loss.
  if (knet?.connected && knet.rttMs !== undefined) return [{ ...common, rttMs: round(knet.rttMs, 3) }];
  // The other end's figures hold for this direction too.
  if (back?.rttMs || link.sent === 0) return [];
  return [{ ...common, rttMs: 0, loss: 1, sent: link.sent, lost: link.lost }];
}

/** Echoes of both ends, where both got some: an end that got none may just not be allowed to ping. */
export function pairLoss(link: MeasuredLink, back: MeasuredLink | undefined): { sent: number; lost: number } {
  const ends = [link, back].filter((end) => end?.rttMs !== undefined);
  const counted = ends.length > 0 ? ends : [link];
  return {
    sent: counted.reduce((sum, end) => sum + (end?.sent ?? 0), 0),
    lost: counted.reduce((sum, end) => sum + (end?.lost ?? 0), 0),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
