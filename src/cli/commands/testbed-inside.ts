import { spawn } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { openGate } from "../../host/gate.ts";
import { openHost } from "../../host/host.ts";
import { stopBetweenChanges } from "../../host/interrupt.ts";
import { noJournal, openJournal } from "../../host/journal.ts";
import { localTransport } from "../../host/local.ts";
import { sshOptions } from "../../host/ssh.ts";
import { openGround } from "../../testbed/ground.ts";
import { findDoor, tryGuest } from "../../testbed/guest.ts";
import { type InsideResult, runInside } from "../../testbed/run-inside.ts";
import { chooseVms, readTestbed } from "../../testbed/vms.ts";
import { assertRoot } from "../assert-root.ts";
import { durationFlag } from "../duration.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";

/** `tailmox testbed run`: a command in all VMs at once. Gives 0 only when it did in each. */
export async function runTestbedRun(words: unknown, raw: unknown): Promise<number> {
  const flags = parseFlags(runFlags, raw);
  const [program, ...args] = z.array(z.string()).parse(words);
  if (program === undefined) throw noCommand("tailmox testbed run -- pveversion");
  assertRoot();
  const carrier = localTransport("this host");
  const journal = flags.logFile === undefined ? noJournal : openJournal(flags.logFile);
  stopBetweenChanges((line) => console.error(line));
  const ground = await openGround(openHost(carrier, openGate(journal), journal), carrier);
  const asked = { wanted: flags.on, argv: [program, ...args] as const, timeoutMs: flags.timeout };
  const results = await runInside(ground, asked, (result) => {
    if (!flags.json) process.stdout.write(insideText(result));
  });
  const failed = results.filter(({ exitCode }) => exitCode !== 0);
  if (flags.json) console.log(envelope({ ok: true, result: { failed: failed.length, nodes: results } }));
  else if (failed.length > 0) {
    const names = failed.map(({ name, exitCode }) => `${name} (${exitCode ?? "not ended"})`);
    console.error(`failed on ${failed.length} of ${results.length}: ${names.join(", ")}`);
  }
  return failed.length === 0 ? 0 : 1;
}

/** `tailmox testbed ssh`: a shell in one VM, or one command, on this terminal. Gives its exit status. */
export async function runTestbedSsh(name: unknown, words: unknown): Promise<number> {
  assertRoot();
  const carrier = localTransport("this host");
  const ground = await openGround(openHost(carrier, openGate(noJournal), noJournal), carrier);
  const { vms } = await readTestbed(ground.host, ground.node);
  const [vm] = chooseVms(vms, [z.string().parse(name)]);
  const guest = vm && (await tryGuest(ground, vm));
  if (!guest) {
    throw new UserError("E_TESTBED_SILENT", `${name} does not answer, by guest agent or ssh`, {
      likely: "it is off, or still boots",
      mend: "tailmox testbed status; tailmox testbed start",
    });
  }
  const { address, key } = await findDoor(ground, guest);
  const argv = [...sshOptions(address, key), `root@${address}`, ...z.array(z.string()).parse(words)];
  const child = spawn("ssh", argv, { stdio: "inherit" });
  const [code]: (number | null)[] = await once(child, "exit");
  return code ?? 128;
}

const runFlags = z.object({
  on: z.array(z.string()).default([]),
  timeout: durationFlag(1_000, 86_400_000).prefault("10m"),
  json: z.boolean().default(false),
  logFile: z.string().optional(),
});

/** What one VM printed, under its name; what it complained is marked. */
function insideText({ name, exitCode, stdout, stderr }: InsideResult): string {
  const status = exitCode === 0 ? "ok" : exitCode === null ? "!! did not end" : `!! exit ${exitCode}`;
  const lines = [...linesOf(stdout), ...linesOf(stderr).map((line) => `! ${line}`)];
  return `${[`${name}  ${status}`, ...lines.map((line) => `  ${line}`)].join("\n")}\n`;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function noCommand(mend: string): UserError {
  return new UserError("E_USAGE", "no command was given", { likely: "it stands after --", mend });
}
