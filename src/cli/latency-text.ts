import { oneWayLoss } from "../latency/figures.ts";
import { pairLoss } from "../latency/matrix-file.ts";
import type { MeasuredLink, Measurement } from "../latency/measure.ts";
import { milliseconds } from "../up/preflight-table.ts";
import { alignColumns } from "../up/table.ts";
import { wrap } from "./wrap.ts";

/** A measurement for people: what was asked, the matrix, then a row for each pair, the worst first. */
export function latencyLines(measurement: Measurement): string[] {
  const { scope, hosts, links, durationMs } = measurement;
  const whose = scope.kind === "members" ? `members of "${scope.cluster}"` : `hosts with ${scope.tag}`;
  const pairs = pairsOf(measurement).sort((a, b) => b.loss - a.loss || b.rttMs - a.rttMs);
  const dead = pairs.filter(({ state }) => state === "dead");
  const unknown = hosts.filter((host) => host.unknown !== undefined);
  return [
    `${hosts.length} ${whose}, echoes of ${(durationMs / 1000).toFixed(0)} s`,
    "",
    ...alignColumns(matrixRows(measurement)),
    "",
    ...alignColumns([
      ["pair", "RTT", "p95", "max", "jitter", "loss", "MTU", "path", "corosync"],
      ...pairs.map(({ row }) => row),
    ]),
    "",
    ...unknown.flatMap(({ name, unknown: why }) =>
      wrap(`${name} could not be asked: ${why}. What others saw of it is shown.`, "!! ", "   "),
    ),
    ...dead.flatMap(({ names }) =>
      wrap(`Nothing passes between ${names.join(" and ")}: a cluster needs every pair.`, "!! ", "   "),
    ),
    ...wrap(
      "Rows ping columns. Loss is that of one direction, half the blame to each; corosync: its own mean RTT and how often it called the link down.",
      "",
      "",
    ),
    `Next: tailmox forecast${links.length === 0 ? " --matrix FILE" : ""}`,
  ];
}

/** Median round trips; "?" where the row's host could not be asked, "!!" where nothing came back. */
function matrixRows({ hosts, links }: Measurement): string[][] {
  const width = Math.max(...hosts.map(({ name }) => name.length), 6);
  const cell = (from: Measurement["hosts"][number], to: Measurement["hosts"][number]) => {
    if (from === to) return "-";
    const link = links.find((one) => one.from === from.name && one.to === to.name);
    if (!link) return "?";
    return link.rttMs ? figure(link.rttMs.median) : "!!";
  };
  return [
    ["RTT, ms", ...hosts.map(({ name }) => name.padStart(width))],
    ...hosts.map((from) => [`  ${from.name}`, ...hosts.map((to) => cell(from, to).padStart(width))]),
  ];
}

interface PairRow {
  readonly names: readonly [string, string];
  readonly state: "alive" | "dead" | "unknown";
  readonly loss: number;
  readonly rttMs: number;
  readonly row: string[];
}

function pairsOf({ hosts, links }: Measurement): PairRow[] {
  const find = (from: string, to: string) => links.find((link) => link.from === from && link.to === to);
  return hosts.flatMap((a, i) =>
    hosts.slice(i + 1).map((b): PairRow => {
      const ends = [find(a.name, b.name), find(b.name, a.name)].filter((end) => end !== undefined);
      return pairRow([a.name, b.name], ends);
    }),
  );
}

/** The worse of both ends, figure by figure. */
function pairRow(names: PairRow["names"], ends: readonly MeasuredLink[]): PairRow {
  const name = names.join(" ");
  const [first] = ends;
  if (!first) return { names, state: "unknown", loss: -1, rttMs: 0, row: [name, "unknown"] };
  const figures = ends.flatMap(({ rttMs }) => rttMs ?? []);
  const worst = (key: "median" | "p95" | "max" | "jitter") =>
    milliseconds(figures.length === 0 ? undefined : Math.max(...figures.map((figure) => figure[key])));
  const alive = figures.length > 0 || ends.some(({ knet }) => knet?.connected);
  const answering = ends.find(({ rttMs }) => rttMs) ?? first;
  const counted = pairLoss(
    answering,
    ends.find((end) => end !== answering),
  );
  const loss = counted.sent === 0 ? 0 : oneWayLoss(counted.sent, counted.lost);
  const mtus = ends.flatMap(({ mtu }) => mtu ?? []);
  const paths = [...new Set(ends.flatMap(({ path }) => path ?? []))];
  return {
    names,
    state: alive ? "alive" : "dead",
    loss,
    rttMs: Math.max(0, ...figures.map(({ median }) => median)),
    row: [
      name,
      worst("median"),
      worst("p95"),
      worst("max"),
      worst("jitter"),
      `${percent(loss)} of ${counted.sent}`,
      mtus.length === 0 ? "-" : String(Math.min(...mtus)),
      paths.join("/") || "-",
      knetWords(ends),
    ],
  };
}

function knetWords(ends: readonly MeasuredLink[]): string {
  const seen = ends.flatMap(({ knet }) => knet ?? []);
  if (seen.length === 0) return "-";
  if (seen.some(({ connected }) => !connected)) return "!! down";
  const rtt = seen.flatMap(({ rttMs }) => rttMs ?? []);
  const downs = Math.max(...seen.map(({ downs: count }) => count));
  return `${milliseconds(rtt.length === 0 ? undefined : Math.max(...rtt))}, ${downs}x`;
}

function figure(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 || value >= 10 ? value.toFixed(0) : value.toFixed(1)} %`;
}
