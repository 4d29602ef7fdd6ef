import { ratePerTime } from "../cluster/forecast-verdict.ts";
import type { JoinForecast } from "../cluster/join-forecast.ts";
import { UserError } from "../errors.ts";
import type { JoinOutlook } from "./join-outlook.ts";
import type { UpOptions } from "./options.ts";

/** What will come of a join, in words, below its plan. */
export function forecastWords({ forecast }: Pick<JoinOutlook, "forecast">): string {
  if (typeof forecast === "string") return `Forecast: unknown. ${forecast}`;
  const { hosts, verdict, figures } = forecast;
  const why = verdict.reasons.map(({ text }) => text).join("; ");
  const loss =
    hosts === 2
      ? "with two hosts, losing one stops all writes until it is back"
      : `loss of one host stalls the cluster for ${seconds(figures.outageMs.crash)}`;
  return [
    `Forecast for ${hosts} hosts: ${verdict.colour}${why === "" ? "" : `: ${why}`}.`,
    `A change in /etc/pve takes about ${seconds(figures.fileChangeMs)}; ${loss}; ${changesWords(forecast)}.`,
  ].join(" ");
}

/** Red stops a join unless it was agreed to by name: throws E_RISK. A dry run shows it. */
export function assertNotRed(
  { forecast }: Pick<JoinOutlook, "forecast">,
  { acceptRisks, dryRun }: Pick<UpOptions, "acceptRisks" | "dryRun">,
): void {
  if (typeof forecast === "string" || forecast.verdict.colour !== "red" || dryRun) return;
  if (acceptRisks.includes("forecast-red")) return;
  throw new UserError("E_RISK", "this needs your word for a risk by name: forecast-red", {
    likely: forecastWords({ forecast }),
    mend: redMend(forecast),
  });
}

/** As `--json` prints it. */
export function forecastResult({ forecast }: Pick<JoinOutlook, "forecast">) {
  if (typeof forecast === "string") return { verdict: "unknown", reasons: [forecast] };
  const { verdict, figures, changes, totem, fewestProbes, tuned } = forecast;
  return {
    verdict: verdict.colour,
    reasons: verdict.reasons.map(({ text }) => text),
    rotationMs: figures.rotationMs,
    fileChangeMs: figures.fileChangeMs,
    outageMs: figures.outageMs,
    membershipChangesPerDay: changes ? { mean: changes.mean, low: changes.low, high: changes.high } : null,
    fewestProbes: fewestProbes ?? null,
    totem,
    tuned,
  };
}

/** A cluster of one has nothing to be tuned for yet. */
function redMend({ tuned, hosts }: JoinForecast): string {
  const accept = "--accept-risk forecast-red";
  if (tuned === "red") {
    return `two clusters and Proxmox Datacenter Manager; or, to join all the same: ${accept}`;
  }
  return hosts > 2
    ? `tailmox tune on a member first: with its timers it would be ${tuned}; or, to join all the same: ${accept}`
    : `${accept}, and tailmox tune right after the join: with its timers it would be ${tuned}`;
}

/** The interval in one unit, and what it comes from. */
function changesWords({ changes, fewestProbes, wanted }: JoinForecast): string {
  if (changes === undefined) return "no ring can form";
  const from =
    fewestProbes === undefined ? "loss was not measured everywhere" : `from ${fewestProbes} probes a way`;
  const narrow = wanted ? `; \`tailmox latency --for ${wanted.minutes}m\` narrows it` : "";
  const [most, unit] = ratePerTime(changes.high);
  if (most === "0") return `no membership change in years is expected (${from})`;
  const low = (changes.low * Number(most)) / changes.high;
  const least = low < 0.05 ? "0" : low >= 10 ? String(Math.round(low)) : low.toFixed(1);
  const rate = least === most ? most : `${least} to ${most}`;
  return `${rate} membership changes ${unit} (${from}${narrow})`;
}

function seconds(ms: number): string {
  if (ms < 100) return `${Math.max(1, Math.round(ms))} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1)} s` : `${Math.round(ms / 1000)} s`;
}
