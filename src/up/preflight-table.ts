import type { Finding } from "../cluster/facts.ts";
import type { TcpAnswer } from "../host/tcp.ts";
import { rttFigures } from "../latency/figures.ts";
import type { Path } from "../tailnet/status.ts";
import type { ReachedPeer } from "./preflight/preflight.ts";
import { alignColumns } from "./table.ts";

/** The preflight of all peers, a row each, within 74 columns; what was found stands below, whatever stops first. */
export function preflightTable(
  peers: readonly ReachedPeer[],
  { isLast = false }: { isLast?: boolean } = {},
): string[] {
  // Nothing in a cluster depends on 443: where nobody serves, the column says nothing.
  const served = peers.some(({ reach }) => reach.ports.get(443)?.kind === "open");
  const head = [
    "peer",
    "path",
    "RTT",
    "jitter",
    "loss",
    "MTU",
    "icmp",
    "22",
    ...(served ? ["443"] : []),
    "8006",
  ];
  const rows = peers.map(({ node, reach }) => row(node.name, reach, served));
  return [
    "",
    ...fitted([[...head, "udp 5405-12"], ...rows]),
    ...peers.flatMap((peer) => findingLines(peer, isLast)),
    "",
  ];
}

/** What is unproven is told last of all: something else may prove it yet. */
function findingLines({ node, reach }: ReachedPeer, isLast: boolean): string[] {
  return [
    ...reach.obstacles.flatMap((one) => findingWords(node.name, one)),
    ...(isLast ? reach.unproven.flatMap((one) => findingWords(node.name, one, "--")) : []),
    ...reach.warnings.flatMap((one) => findingWords(node.name, one)),
  ];
}

export function findingWords(name: string, { what, likely, mend }: Finding, mark = "!!"): string[] {
  return [`${mark} ${name}  ${what}`, `   Likely: ${likely}`, `   Mend: ${mend}`];
}

export function pathWords(path: Path): string {
  switch (path.kind) {
    case "DERP":
      return path.region === "" ? "DERP" : `DERP ${path.region}`;
    case "unknown":
      return "-";
    default:
      return path.kind;
  }
}

/** One decimal below 10 ms. */
export function milliseconds(value: number | undefined): string {
  if (value === undefined) return "-";
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function row(name: string, reach: ReachedPeer["reach"], served: boolean): string[] {
  if (reach.kind !== "tried") return [name, reach.kind === "offline" ? "offline" : "no answer"];
  const { path, echoes, packets, ports, udp } = reach;
  const rtt = rttFigures(echoes.rttMs);
  const lost = 1 - echoes.rttMs.length / echoes.sent;
  return [
    name,
    pathWords(path),
    milliseconds(rtt?.median),
    milliseconds(rtt?.jitter),
    `${Math.round(lost * 100)} %`,
    packets.largest === undefined ? "?" : String(packets.largest),
    echoes.rttMs.length > 0 ? "ok" : "!!",
    portMark(ports.get(22)),
    ...(served ? [ports.get(443)?.kind === "open" ? "ok" : "-"] : []),
    portMark(ports.get(8006)),
    UDP_WORDS[udp.kind],
  ];
}

const UDP_WORDS = { "both ways": "both ways", lost: "!! lost", unproven: "unproven" } as const;

function portMark(answer: TcpAnswer | undefined): string {
  return answer?.kind === "open" ? "ok" : "!!";
}

/** Beside the report's own margin of 6. */
const WIDTH = 74;

/** What is wider loses blanks first, then the relay's region, which a line below names; names last of all. */
function fitted(rows: readonly (readonly string[])[]): string[] {
  const bare = rows.map(([name = "", path = "", ...cells]) => [
    name,
    path.replace(/^DERP .*/, "DERP"),
    ...cells,
  ]);
  const tries = [alignColumns(rows), alignColumns(rows, 1), alignColumns(bare, 1)];
  const fits = tries.find((lines) => widest(lines) <= WIDTH);
  if (fits) return fits;
  const room = Math.max(6, widest(rows.map(([name = ""]) => name)) - (widest(alignColumns(bare, 1)) - WIDTH));
  const cut = (name: string) => (name.length <= room ? name : `${name.slice(0, room - 1)}~`);
  return alignColumns(
    bare.map(([name = "", ...cells]) => [cut(name), ...cells]),
    1,
  );
}

function widest(lines: readonly string[]): number {
  return Math.max(...lines.map((line) => line.length));
}
