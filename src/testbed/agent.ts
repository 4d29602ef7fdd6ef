import { z } from "zod";
import { filesByCommand } from "../host/files-by-command.ts";
import type { Writer } from "../host/host.ts";
import { parseJson } from "../host/json.ts";

/** The inside of a VM by its guest agent: needs neither its address nor a password. Input may be up to 1 MiB. */
export function agentTransport(name: string, vmid: number, carrier: Writer): Writer {
  const run: Writer["run"] = async (argv, options = {}) => {
    const timeoutMs = options.timeoutMs ?? 60_000;
    const result = await carrier.run(
      [
        "qm",
        "guest",
        "exec",
        String(vmid),
        "--timeout",
        String(Math.ceil(timeoutMs / 1000)),
        ...(options.input === undefined ? [] : ["--pass-stdin", "1"]),
        "--",
        // The agent gives a command no environment, not even a PATH that could be relied on.
        ...["env", "LC_ALL=C", "HOME=/root", PATH],
        ...argv,
      ],
      { ...options, timeoutMs: timeoutMs + 10_000 },
    );
    const answer = execJson.safeParse(parseJson(result.stdout)).data;
    const base = { argv, durationMs: result.durationMs };
    if (result.exitCode !== 0 || answer === undefined) {
      return { ...base, exitCode: null, stdout: "", stderr: result.stderr, timedOut: result.timedOut };
    }
    return {
      ...base,
      // The command's own status: qm ends with 0 whatever it is (proxmox.md 11).
      exitCode: answer.exited ? (answer.exitcode ?? null) : null,
      stdout: answer["out-data"] ?? "",
      stderr: answer["err-data"] ?? "",
      timedOut: !answer.exited,
    };
  };
  return { name, run, ...filesByCommand(name, run, `qm guest exec ${vmid} --`) };
}

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const execJson = z.object({
  exited: z.union([z.boolean(), z.number()]).nullish().transform(Boolean),
  exitcode: z.number().nullish(),
  "out-data": z.string().nullish(),
  "err-data": z.string().nullish(),
});
