import { UserError } from "../errors.ts";
import type { Argv, Writer } from "./host.ts";

/** Files of a host where nothing but commands can be run; `mend` is the command that leads there by hand. */
export function filesByCommand(
  name: string,
  run: Writer["run"],
  mend: string,
): Pick<Writer, "text" | "list" | "write" | "remove"> {
  const runOk = async (argv: Argv, input?: string) => {
    const result = await run(argv, { timeoutMs: 20_000, ...(input !== undefined && { input }) });
    if (result.exitCode === 0) return result.stdout;
    throw new UserError("E_COMMAND_FAILED", `${argv[0]} failed on ${name}`, {
      likely: result.stderr.trim() || "it printed nothing",
      mend,
    });
  };
  return {
    text: async (path) => {
      const result = await run(["cat", path], { timeoutMs: 20_000 });
      if (result.exitCode === 0) return result.stdout;
      if (result.stderr.includes("No such file")) return undefined;
      throw new UserError("E_COMMAND_FAILED", `${path} could not be read on ${name}`, {
        likely: result.stderr.trim() || `it ended with ${result.exitCode}`,
        mend: `${mend} cat ${path}`,
      });
    },
    list: async (path) => {
      const result = await run(["ls", "-A", path], { timeoutMs: 20_000 });
      return result.stdout.split("\n").filter(Boolean).sort();
    },
    write: async (path, content, mode) => {
      const unfinished = `${path}.tailmox-${process.pid}`;
      const text = typeof content === "string" ? content : new TextDecoder().decode(content);
      await runOk(["sh", "-c", WRITE, "tailmox", path, unfinished, mode.toString(8)], text);
    },
    remove: async (path) => {
      await runOk(["rm", "-f", path]);
    },
  };
}

/**
 * At once, since each command of its own costs two round trips. dd and not /dev/stdin: sshd gives commands a socket,
 * which cannot be opened by a path.
 */
const WRITE = 'install -D -m "$3" /dev/null "$2" && dd of="$2" status=none && mv -f "$2" "$1"';
