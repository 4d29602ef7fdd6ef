import type { Command } from "commander";
import { cutPair, cutRole, heal, setLink } from "../fabric/relay-control.ts";
import type { LinkSettings } from "../scenario.ts";
import { parseFraction, parseMbit, parseMilliseconds } from "../units.ts";
import { labOf } from "./lab-option.ts";

interface LinkFlags {
  rtt?: number;
  jitter?: number;
  loss?: number;
  burst?: number;
  burstLength?: number;
  rate?: number;
  queue?: number;
  oneWay?: boolean;
}

/** `link`, `cut`, `heal`: change the internet between hosts while they run. */
export function addFabricCommands(program: Command): void {
  program
    .command("link <a> <b>")
    .description("change what lies between two hosts (or a host and `control`)")
    .option("--rtt <time>", "round trip, e.g. 120ms", parseMilliseconds)
    .option("--jitter <time>", "extra delay per packet, 0 to TIME", parseMilliseconds)
    .option("--loss <share>", "independent loss per direction, e.g. 1%", parseFraction)
    .option("--burst <share>", "chance per packet that a burst of loss begins", parseFraction)
    .option("--burst-length <packets>", "mean length of a burst", Number, 10)
    .option("--rate <rate>", "e.g. 20Mbit", parseMbit)
    .option("--queue <bytes>", "what may wait for the rate", Number)
    .option("--one-way", "only from A to B; --rtt then counts half for this way")
    .action(async (a: string, b: string, flags: LinkFlags, command: Command) => {
      const plan = await labOf(command);
      await setLink(plan, a, b, settingsOf(flags), { oneWay: flags.oneWay ?? false });
    });

  program
    .command("cut <a> [b]")
    .description("cut one pair, or everything of one host")
    .option("--one-way", "only from A to B")
    .action(async (a: string, b: string | undefined, flags: { oneWay?: boolean }, command: Command) => {
      const plan = await labOf(command);
      if (b) await cutPair(plan, a, b, { oneWay: flags.oneWay ?? false });
      else await cutRole(plan, a);
    });

  program
    .command("heal")
    .description("all links back to what the scenario says")
    .action(async (_flags: unknown, command: Command) => heal(await labOf(command)));
}

function settingsOf(flags: LinkFlags): Partial<LinkSettings> {
  const { rtt, jitter, loss, burst, burstLength = 10, rate, queue } = flags;
  return {
    ...(rtt !== undefined && { rttMs: rtt }),
    ...(jitter !== undefined && { jitterMs: jitter }),
    ...(loss !== undefined && { loss }),
    ...(burst !== undefined && { burst: { start: burst, meanPackets: burstLength } }),
    ...(rate !== undefined && { rateMbit: rate }),
    ...(queue !== undefined && { queueBytes: queue }),
  };
}
