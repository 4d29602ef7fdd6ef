import { spawn } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { inNamespace } from "../../lab/fabric/in-namespace.ts";
import type { LabPlan } from "../../lab/plan.ts";
import { markOf } from "../../lab/processes.ts";
import { type PlacedCell, portAt } from "./fabric.ts";
import { cellsProgram } from "./program.ts";

const written = z.object({
  /** From sending until delivered to the sender itself, ms, message by message. */
  latenciesMs: z.array(z.number()),
  longestAt: z.number(),
});
export type Written = z.output<typeof written>;

/** Sends messages of 256 bytes through a host's corosync, one after the other, with pauses of a mean. */
export async function writeOn(
  plan: LabPlan,
  cell: PlacedCell,
  place: number,
  { seconds, pauseMs }: { seconds: number; pauseMs: number },
): Promise<Written> {
  const program = await cellsProgram();
  // In real time: how long a message takes must not depend on what else this machine does.
  const argv = [
    "chrt",
    "--rr",
    "50",
    program,
    "write",
    "-for",
    `${seconds}s`,
    "-pause",
    `${pauseMs}ms`,
  ] as const;
  const [file, ...args] = inNamespace(portAt(cell, place).host.namespace, argv);
  const child = spawn(file ?? program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...markOf(plan) },
  });
  let [output, words] = ["", ""];
  child.stdout.on("data", (bytes) => (output += String(bytes)));
  child.stderr.on("data", (bytes) => (words += String(bytes)));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the writer on ${cell.name} ended with ${String(code)}: ${words}`);
  return written.parse(JSON.parse(output));
}
