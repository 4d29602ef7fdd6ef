import { execute, mustFindMethod } from "../api/execute.ts";
import { childrenOf } from "../api/schema.ts";
import { PveError } from "../errors.ts";
import { openNode, type PveNode } from "../node/pve-node.ts";
import { parseOptions } from "../params/cli-options.ts";
import type { ParamSchemas } from "../params/schema.ts";
import { workOf } from "../tasks/kinds.ts";
import { runTask, writeAll } from "../tasks/task.ts";
import { formatOutput, OUTPUT_PARAMS, type OutputFormat, readOutputFormat } from "./output-format.ts";
import { errorText } from "./program.ts";
import { runOnMember } from "./remote-pvesh.ts";
import { complain } from "./say.ts";

const VERBS: Readonly<Record<string, string>> = {
  get: "GET",
  ls: "GET",
  create: "POST",
  set: "PUT",
  delete: "DELETE",
};

/** The API on the command line, as root@pam and without the daemons (proxmox.md 11). */
export async function pveshMain(argv: readonly string[]): Promise<number> {
  const [command = "", ...rest] = argv;
  const verb = VERBS[command];
  if (!verb) {
    complain(
      `ERROR: ${command === "" ? "no command specified" : `unknown command 'pvesh ${argv.join(" ")}'`}\n` +
        "USAGE: pvesh <get|ls|create|set|delete> <api_path> [OPTIONS] [FORMAT_OPTIONS]",
    );
    return 255;
  }
  if (process.getuid?.() !== 0) {
    complain("please run as root");
    return 255;
  }
  try {
    const node = await openNode();
    await node.pmxcfs.assertUp();
    return command === "ls" ? list(rest) : await call(node, command, verb, rest);
  } catch (error) {
    complain(errorText(error));
    return error instanceof PveError ? error.exitCode : 255;
  }
}

async function call(node: PveNode, command: string, verb: string, argv: readonly string[]): Promise<number> {
  const pathAt = argv.findIndex((word) => word.startsWith("/"));
  if (pathAt < 0) throw new PveError("400 not enough arguments", { status: 400 });
  const path = `/${(argv[pathAt] ?? "").split("/").filter(Boolean).join("/")}`;
  const method = methodFor(command, verb, path);
  const words = [...argv.slice(0, pathAt), ...argv.slice(pathAt + 1)];
  const remote = await runOnMember(node, method, ["pvesh", command, path, ...words]);
  if (remote !== undefined) return remote;
  const schemas: ParamSchemas = Object.fromEntries(
    Object.entries(method.parameters).filter(([name]) => method.pathParams[name] === undefined),
  );
  const { given, format } = splitFormat(parseOptions(words, { ...schemas, ...OUTPUT_PARAMS }, []));
  const data = await execute(node, method, {
    verb,
    path,
    given,
    who: { authuser: "root@pam", user: "root@pam" },
    startTask: async (type, id, params) => {
      const kind = { type, id, user: "root@pam" };
      const { upid, status } = await runTask(node, kind, (output) => workOf(type)(node, params, output), {
        echo: true,
      });
      if (status !== "OK") writeAll(2, `${status}\n`);
      return upid;
    },
    print: (text) => writeAll(1, text),
  });
  writeAll(1, formatOutput(data, format));
  return 0;
}

function methodFor(command: string, verb: string, path: string): ReturnType<typeof mustFindMethod> {
  try {
    return mustFindMethod(verb, path);
  } catch {
    throw new PveError(`no '${command}' handler for '${path}'`);
  }
}

function list(argv: readonly string[]): number {
  const path = `/${(argv.find((word) => !word.startsWith("-")) ?? "/").split("/").filter(Boolean).join("/")}`;
  const template = path.replace(/^\/nodes\/[^/]+/, "/nodes/{node}");
  const names = childrenOf(template);
  if (names.length === 0) throw new PveError(`no such resource '${path}'`);
  writeAll(1, names.map((name) => `Dr---        ${name}\n`).join(""));
  return 0;
}

function splitFormat(options: ReturnType<typeof parseOptions>): {
  given: ReturnType<typeof parseOptions>;
  format: OutputFormat;
} {
  const given = Object.fromEntries(Object.entries(options).filter(([name]) => !(name in OUTPUT_PARAMS)));
  return { given, format: readOutputFormat(options) };
}
