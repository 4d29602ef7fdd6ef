import { PveError, parameterError } from "../errors.ts";
import { assertAgent, guestExec, guestExecStatus } from "../guests/agent.ts";
import { guestNetwork } from "../guests/guest-network.ts";
import type { ParamSchema } from "../params/schema.ts";
import type { Params } from "../params/verify.ts";
import { writeAll } from "../tasks/task.ts";
import { openUp } from "./open-up.ts";
import { formatOutput, readOutputFormat } from "./output-format.ts";
import type { Command } from "./program.ts";
import { complain } from "./say.ts";

/** `qm guest cmd|exec|exec-status`, and `qm agent`, which is the first of them. */
export function agentCommands(vmid: ParamSchema): Readonly<Record<string, Command>> {
  const cmd: Command = {
    args: ["vmid", "command"],
    params: { vmid, command: { type: "string", enum: ["network-get-interfaces", "ping"] } },
    run: async (params) => {
      const node = await openUp();
      const id = Number(params.vmid);
      if (params.command === "ping") await assertAgent(node, id);
      else printResult(await guestNetwork(node, id));
      return 0;
    },
  };
  return {
    agent: cmd,
    "guest cmd": cmd,
    "guest exec": {
      args: ["vmid", "extra-args"],
      params: {
        vmid,
        "extra-args": { type: "array", optional: true },
        synchronous: { type: "boolean", optional: true },
        timeout: { type: "integer", minimum: 0, optional: true },
        "pass-stdin": { type: "boolean", optional: true },
      },
      run: exec,
    },
    "guest exec-status": {
      args: ["vmid", "pid"],
      params: { vmid, pid: { type: "integer" } },
      run: async (params) => {
        printResult(await guestExecStatus(await openUp(), Number(params.vmid), Number(params.pid)));
        return 0;
      },
    },
  };
}

/** Waits for the command, 30 s unless told otherwise; exits 0 whatever its exit status (proxmox.md 11). */
async function exec(params: Params): Promise<number> {
  const wait = params.synchronous === undefined || Boolean(params.synchronous);
  if (params.timeout !== undefined && !wait) {
    throw parameterError({ synchronous: "needs to be set for 'timeout'" });
  }
  const node = await openUp();
  const id = Number(params.vmid);
  const words = params["extra-args"];
  const input = params["pass-stdin"] ? await readInput() : undefined;
  const pid = await guestExec(node, id, Array.isArray(words) ? words : [], input);
  const timeout = Number(params.timeout ?? 30);
  const deadline = timeout === 0 ? Infinity : Date.now() + timeout * 1_000;
  while (wait && Date.now() < deadline) {
    const status = await guestExecStatus(node, id, pid);
    if (status.exited) {
      printResult(status);
      return 0;
    }
    await Bun.sleep(1_000);
  }
  if (wait) complain("timeout reached, returning pid");
  printResult({ pid });
  return 0;
}

async function readInput(): Promise<string> {
  const text = await Bun.stdin.text();
  if (text.length > 2 ** 20) throw new PveError("'input-data' (STDIN) is limited to 1 MiB, aborting");
  return text;
}

function printResult(data: unknown): void {
  writeAll(1, formatOutput(data, readOutputFormat({ "output-format": "json-pretty" })));
}
