import { randomUUID } from "node:crypto";
import { UserError } from "../../src/errors.ts";
import { hostExec } from "../machines/exec.ts";
import type { LabPlan } from "../plan.ts";

/** Writes a file to /etc/pve on the first host and waits until the last one reads the same bytes. */
export async function writeAndRead(plan: LabPlan, line: (line: string) => void): Promise<void> {
  const [writer, reader] = [plan.hosts[0], plan.hosts.at(-1)];
  if (!writer || !reader) return;
  const [path, text] = ["/etc/pve/demo.txt", randomUUID()];
  const began = performance.now();
  await hostExec(plan, writer, ["tee", path], { input: text, timeoutMs: 60_000 });
  const written = performance.now();
  // Creating and filling are two messages: until the second has come, the other host reads an empty file.
  for (let read = ""; read !== text; ) {
    read = (await hostExec(plan, reader, ["cat", path], { timeoutMs: 10_000 })).stdout;
    if (performance.now() - written > 20_000) {
      throw new UserError("E_COMMAND_FAILED", `${reader.name} does not read what ${writer.name} wrote`, {
        likely: `it reads "${read}" after 20 s`,
        mend: `npm run lab -- --name ${plan.name} exec ${reader.name} -- journalctl -u pve-cluster -n 30`,
      });
    }
  }
  line(`  ${writer.name} wrote ${path} in ${(written - began).toFixed(0)} ms`);
  line(`  ${reader.name} read the same bytes ${(performance.now() - written).toFixed(0)} ms later`);
  await hostExec(plan, writer, ["rm", path]);
}
