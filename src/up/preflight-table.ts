import type { Path } from "../tailnet/status.ts";
import { median, type Reach } from "./reach.ts";
import { alignColumns } from "./table.ts";

/** The preflight of all peers, a row each; what failed and what slows down stands below. */
export function preflightTable(peers: readonly { name: string; reach: Reach }[]): string[] {
  const rows = peers.map(({ name, reach }) => {
    const { echoes, ports } = reach;
    const lost = echoes.sent === 0 ? undefined : 1 - echoes.rttMs.length / echoes.sent;
    return [
      name,
      pathWords(reach.path),
      milliseconds(median(echoes.rttMs)),
      milliseconds(jitter(echoes.rttMs)),
      lost === undefined ? "-" : `${Math.round(lost * 100)} %`,
      echoes.rttMs.length > 0 ? "ok" : "!!",
      ...[22, 8006].map((port) => (ports.get(port)?.kind === "open" ? "ok" : "!!")),
    ];
  });
  const probes = peers[0]?.reach.echoes.sent ?? 0;
  return [
    "",
    ...alignColumns([["peer", "path", "RTT", "jitter", `loss of ${probes}`, "icmp", "22", "8006"], ...rows]),
    ...peers.flatMap(({ name, reach }) => remarks(name, reach)),
    "",
  ];
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

/** Mean difference between one echo and the next. */
function jitter(rtt: readonly number[]): number | undefined {
  if (rtt.length < 2) return undefined;
  const steps = rtt.slice(1).map((value, index) => Math.abs(value - (rtt[index] ?? value)));
  return steps.reduce((sum, step) => sum + step, 0) / steps.length;
}

function remarks(name: string, { path, obstacles }: Reach): string[] {
  const relayed =
    path.kind === "DERP"
      ? [
          `!! ${name} is reached through a relay (${pathWords(path)}). It works, but slower.`,
          `   Mend: open UDP 41641 at ${name}'s router.`,
        ]
      : [];
  return [...obstacles.map(({ what }) => `!! ${name}  ${what}`), ...relayed];
}
