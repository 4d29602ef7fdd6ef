import type { Command } from "commander";
import { LOG_FILE } from "./common-flags.ts";

/** Adds the commands that judge a latency matrix: forecast, ring, tune. */
export function addForecastCommands(
  program: Command,
  done: (status: number) => void,
  inherit: (command: Command) => Command,
): void {
  const forecast = withMatrix(program.command("forecast"))
    .description("Say what a cluster of these hosts would be like, before any of them is touched.")
    .option(
      "--settings <WHICH>",
      "current, pve-8, pve-9, tuned, or a FILE: corosync.conf, or JSON with its keys (default: current on a member that measures, else tuned)",
    )
    .option("--ha", "HA resources are used: hosts that cannot write for 60 s are reset")
    .option("--seed <N>", "seed of the simulation: the same seed, the same answer", "1")
    .addHelpText("after", FORECAST_EXAMPLES);
  inherit(forecast).action(async (options: unknown) => {
    const { runForecast } = await import("./commands/forecast.ts");
    done(await runForecast(options));
  });
  const ring = withMatrix(program.command("ring"))
    .description("Show the ring that the nodeids make, the shortest one, and what getting it would take.")
    .addHelpText("after", RING_EXAMPLES);
  inherit(ring).action(async (options: unknown) => {
    const { runRing } = await import("./commands/ring.ts");
    done(await runRing(options));
  });
  const tune = withMatrix(program.command("tune"))
    .description("Set corosync's timers for the distances between the members; taken back unless confirmed.")
    .option("--yes", "agree to the plan, and confirm it when the ring stays quiet for 20 s")
    .option("--dry-run", "show settings and plan, change nothing; what --matrix always needs")
    .option("--confirm-within <TIME>", "take the settings back after this time, such as 90s (default: 90s)")
    .option("--undo", "set what stood there before the last tuning")
    .option("--to <WHICH>", "other settings: pve-8, pve-9, or a FILE (default: tuned)")
    .option("--settings <WHICH>", "with --matrix: compare with pve-8, pve-9, or a FILE (default: pve-9)")
    .option("--ha", "HA resources are used: hosts that cannot write for 60 s are reset")
    .option(
      "--accept-risk <RISK...>",
      "no-ha: without HA, let an outage last up to 90 s instead of 40 s; worse: settings that the forecast calls red",
    )
    .option("--seed <N>", "seed of the simulation: the same seed, the same answer", "1")
    .option("--log-file <FILE>", "where to write the log", LOG_FILE)
    .addHelpText("after", TUNE_EXAMPLES);
  inherit(tune).action(async (options: unknown) => {
    const { runTune } = await import("./commands/tune.ts");
    done(await runTune(options));
  });
}

function withMatrix(command: Command): Command {
  return command
    .option(
      "--matrix <FILE>",
      "the measured links, JSON or CSV (docs/forecast.md); measured now where left out",
    )
    .option("--tag <TAG>", "without a matrix and outside a cluster: tag of the hosts", "tag:tailmox")
    .option("--without <HOST...>", "leave these hosts of the matrix out");
}

const FORECAST_EXAMPLES = `
With a matrix it needs no root and no cluster: JSON, or CSV with the columns
from,to,rtt_ms,jitter_ms,loss (loss as a fraction). Without one it measures the
links for 5 s, as root on a member or on a host with tagged peers.

Examples:
  tailmox forecast
      of the cluster that this host is in, as it is
  tailmox forecast --matrix hosts.csv
  tailmox forecast --matrix hosts.json --settings pve-9
      with the defaults of Proxmox VE 9
  tailmox forecast --matrix hosts.json --settings corosync.conf --ha
  tailmox forecast --matrix hosts.json --without oslo`;

const RING_EXAMPLES = `
The token goes round in the order of the nodeids, so they decide how slow a
change in /etc/pve is. This command changes nothing.

Examples:
  tailmox ring
  tailmox ring --matrix hosts.json`;

const TUNE_EXAMPLES = `
On a member, as root: measures the links, shows old and new settings with the
forecast of both, asks, and changes them on all members at once. Every member
has a guard that takes them back unless they are confirmed.

Examples:
  tailmox tune --dry-run
  tailmox tune --yes
  tailmox tune --undo
  tailmox tune --matrix hosts.json --dry-run --json`;
