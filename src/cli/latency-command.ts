import type { Command } from "commander";

/** Adds `tailmox latency`. */
export function addLatencyCommand(
  program: Command,
  done: (status: number) => void,
  inherit: (command: Command) => Command,
): void {
  const command = program
    .command("latency")
    .description("Measure the way between all members, or between this host and the tagged peers.")
    .option("--for <TIME>", "how long echoes are sent, such as 60s or 10m (default: 5s)")
    .option("--tag <TAG>", "outside a cluster: tag of the hosts", "tag:tailmox")
    .option("--watch", "measure again and again, until Ctrl-C")
    .option("--save <FILE>", "write the matrix for forecast, ring and tune: JSON, or CSV by its name")
    .option("--csv", "print the matrix as CSV, and nothing else, on stdout")
    .addHelpText("after", LATENCY_EXAMPLES);
  inherit(command).action(async (options: unknown) => {
    const { runLatency } = await import("./commands/latency.ts");
    done(await runLatency(options));
  });
}

const LATENCY_EXAMPLES = `
Every host probes every other one: by root ssh, as Proxmox goes between members.
Hosts that cannot be asked so keep unknown rows. Nothing is changed, and what a
host sends stays below 100 kbit/s.

Examples:
  tailmox latency
  tailmox latency --for 10m --save hosts.json
      many echoes: only these tell little loss from none
  tailmox forecast --matrix hosts.json`;
