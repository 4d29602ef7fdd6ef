import type { Forecast } from "../cluster/forecast.ts";
import { perTime, ratePerTime } from "../cluster/forecast-verdict.ts";
import { type Compared, sentence } from "./forecast-sentence.ts";
import { wrap } from "./wrap.ts";

/** The forecast for people: verdict first, figures beside their names, the next command last. */
export function forecastLines(
  judged: Forecast,
  compared: Compared,
  { settings, ha, isLiving }: { settings: string; ha: boolean; isLiving: boolean },
): string[] {
  const { verdict, ring } = judged;
  const colour = verdict.colour.toUpperCase();
  const others = verdict.reasons.slice(1).map(({ text }) => `Also: ${text}.`);
  const rows: [string, string | undefined][] = [
    ["ring", `${ring.order.join(" -> ")}  round ${ms(ring.rotationMs)}${betterRing(judged)}`],
    ["/etc/pve", fileChange(judged)],
    ["crash", outages(judged)],
    ["join", joining(judged)],
    ["stability", stability(judged, compared)],
    ["cut off", cutOff(judged)],
    ["measured", measurement(judged)],
    [
      "watchdog",
      ha
        ? `${ms(judged.watchdog.marginMs)} left of the ${ms(judged.watchdog.limitMs)} after which HA resets hosts`
        : undefined,
    ],
    ["weakest", weakest(judged)],
    ["room", room(judged)],
    ["unproved", beyond(judged)],
    ["better ids", betterIds(judged)],
  ];
  return withoutNoBreak([
    ...wrap(sentence(verdict, ring.order.length, compared, settings), `${colour.padEnd(7)}`, "       "),
    ...others.flatMap((text) => wrap(text, "       ", "       ")),
    "",
    ...rows.flatMap(([name, text]) =>
      text === undefined ? [] : wrap(text, `  ${name.padEnd(14)}`, " ".repeat(16)),
    ),
    "",
    ...wrap(
      `Settings: ${settings}. How sure: the model meets runs of real corosync within a factor of 3; restarts of Tailscale are not in it, bursts of loss only where the matrix tells them (docs/forecast.md). Next: ${nextCommand(judged, settings, isLiving)}`,
      "",
      "",
    ),
  ]);
}

/** Lines as they are shown. */
export function withoutNoBreak(lines: readonly string[]): string[] {
  return lines.map((line) => line.replaceAll(NO_BREAK, " "));
}

/** Between a figure and its unit until the lines are made. */
const NO_BREAK = "\u00a0";

function betterRing({ ring }: Forecast): string {
  return isShorter(ring) ? ` (best ${ms(ring.best.rotationMs)})` : "";
}

function fileChange({ figures }: Forecast): string {
  const { mean, p99 } = figures.writeLatencyMs;
  return `a small change takes about ${ms(figures.fileChangeMs)}; a message waits ${ms(mean)}, one in a hundred more than ${ms(p99)}`;
}

function outages({ figures, ring }: Forecast): string {
  const { crash, leave } = figures.outageMs;
  const stalled = `${ms(crash)} without writes after a power cut; ${ms(leave)} after a clean leave`;
  return ring.order.length > 2
    ? stalled
    : `${stalled}; with two hosts the other has no quorum, so none until it is back`;
}

function joining({ figures }: Forecast): string {
  return `writes stall for ${ms(figures.joinMs.stall)}; the joiner serves after ${ms(figures.joinMs.usable)}`;
}

function stability({ changes }: Forecast, { name, outlook }: Compared): string {
  const other = outlook.changes ? `${rate(outlook.changes.mean)} with ${name}` : `no ring with ${name}`;
  if (changes === undefined) return `no ring can form; ${other}`;
  const [low, high] = [changes.low, changes.high].map((end) => rate(end));
  const interval = low === high ? "" : ` (between ${low} and ${high})`;
  return `${perTime(changes.mean)}${interval}; ${other}`;
}

/** What it costs when one host is cut off for a while. */
function cutOff({ silences }: Forecast): string | undefined {
  const free = silences.findLast(({ changes }) => changes === 0);
  const costly = silences.filter(({ changes }) => changes > 0);
  const parts = [
    ...(free ? [`up to ${ms(free.ms)} costs nothing`] : []),
    ...costly.map(({ ms: length, changes }, index) =>
      index === 0
        ? `${ms(length)} costs ${changes.toFixed(1)} membership changes`
        : `${ms(length)} ${changes.toFixed(1)}`,
    ),
  ];
  return parts.length === 0 ? undefined : `one host for ${parts.join(", ")}`;
}

function measurement({ measured }: Forecast): string {
  const { fewestProbes, linksWithoutLoss, lossBound, wanted } = measured;
  const bound = `${(lossBound * 100).toFixed(lossBound < 0.01 ? 2 : 1)} %`;
  if (linksWithoutLoss > 0) {
    return `loss was not measured on ${linksWithoutLoss} directed links: 0.05 % is assumed, ${bound} held possible`;
  }
  if (fewestProbes === undefined) return `loss without its number of probes: taken as told, up to ${bound}`;
  const seen = `${fewestProbes} probes per link at least: they leave up to ${bound} of loss open`;
  return wanted === undefined
    ? seen
    : `${seen}; ${wanted.probes} probes (tailmox latency --for ${wanted.minutes}m --save FILE) would bound it to ${rate(wanted.wouldBound)}`;
}

function weakest({ weakest: { pair, host }, ring }: Forecast): string {
  const loss = pair.loss === undefined ? "loss unknown" : `${(pair.loss * 100).toFixed(1)} % loss`;
  const where = `${pair.names.join(" and ")} (${ms(pair.rttMs)}, ${loss})`;
  if (host === undefined) return where;
  const { rotationMs, verdict } = host.without;
  const share = ring.rotationMs === 0 ? 0 : Math.round((1 - rotationMs / ring.rotationMs) * 100);
  const part = share > 0 ? `, ${share} % of the round trip` : "";
  return `${where}; ${host.name}${part}. Without ${host.name}: round ${ms(rotationMs)}, ${verdict.toUpperCase()}`;
}

function room({ moreHosts, verdict }: Forecast): string | undefined {
  if (verdict.colour === "red") return undefined;
  return moreHosts === 0
    ? "one more host at the usual distance would make the verdict worse"
    : `${moreHosts} more at the usual distance until the verdict gets worse`;
}

/** What is beyond all measurements, but for the loss, which is among the reasons. */
function beyond({ beyond: { hosts, rtt } }: Forecast): string | undefined {
  const said = [hosts, rtt].filter((text) => text !== undefined);
  return said.length === 0 ? undefined : said.join("; ");
}

function betterIds({ ring }: Forecast): string | undefined {
  if (!isShorter(ring)) return undefined;
  const ids = ring.best.order.map((name, i) => `${name} ${ring.best.nodeids[i]}`);
  return `${ids.join(", ")}: ${ms(ring.best.rotationMs)} instead of ${ms(ring.rotationMs)}`;
}

function nextCommand(
  { ring, verdict, weakest: { host } }: Forecast,
  settings: string,
  isLiving: boolean,
): string {
  const matrix = isLiving ? "" : " --matrix FILE";
  if (isShorter(ring)) return `tailmox ring${matrix}`;
  if (settings !== "tuned") return `tailmox tune${matrix} --dry-run`;
  if (verdict.colour !== "red") return "tailmox up";
  const rest = host && host.without.verdict !== "red" ? ` --without ${host.name}` : "";
  return `tailmox forecast${matrix}${rest || " for fewer hosts"}`;
}

/** A gain of less than a per cent is none. */
function isShorter({ rotationMs, best }: Forecast["ring"]): boolean {
  return best.rotationMs < 0.99 * rotationMs;
}

/** A rate with its unit, short: `3.1 a day`. */
export function rate(perDay: number): string {
  const [figure, unit] = ratePerTime(perDay);
  return figure === "0" ? "none in years" : `${figure} ${unit}`;
}

/** A time in the unit that suits it; figure and unit stay on one line. */
export function ms(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)}${NO_BREAK}s`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)}${NO_BREAK}s`;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)}${NO_BREAK}ms`;
}
