import { readFile } from "node:fs/promises";
import { execute, mustFindMethod } from "../api/execute.ts";
import { removeCustomCertificate, setCustomCertificate } from "../cluster/custom-certificate.ts";
import { PveError } from "../errors.ts";
import { certificateInfo } from "../node/certificate-info.ts";
import { openNode } from "../node/pve-node.ts";
import type { ParamSchemas } from "../params/schema.ts";
import type { Params } from "../params/verify.ts";
import { writeAll } from "../tasks/task.ts";
import { formatOutput, OUTPUT_PARAMS, readOutputFormat } from "./output-format.ts";
import { type Command, runCommand } from "./program.ts";

/** This node's own things: certificate and tasks (proxmox.md 0 and 9). */
export async function pvenodeMain(argv: readonly string[]): Promise<number> {
  return await runCommand("pvenode", COMMANDS, argv);
}

const COMMANDS: Readonly<Record<string, Command>> = {
  "cert info": { args: [], params: OUTPUT_PARAMS, run: (params) => show("/certificates/info", {}, params) },
  "cert set": {
    args: ["certificates", "key"],
    params: {
      certificates: { type: "string" },
      key: { type: "string", optional: true },
      force: { type: "boolean", optional: true },
      restart: { type: "boolean", optional: true },
      ...OUTPUT_PARAMS,
    },
    run: setCertificate,
  },
  "cert delete": {
    args: [],
    params: { restart: { type: "boolean", optional: true } },
    run: deleteCertificate,
  },
  "task list": {
    args: [],
    params: { ...methodParams("/tasks"), ...OUTPUT_PARAMS },
    run: async (params) => {
      const { given, rest } = split(params);
      return await show("/tasks", given, rest);
    },
  },
  "task status": {
    args: ["upid"],
    params: { upid: { type: "string" }, ...OUTPUT_PARAMS },
    run: (params) => show(`/tasks/${params.upid}/status`, {}, params),
  },
  "task log": { args: ["upid"], params: { upid: { type: "string" }, ...OUTPUT_PARAMS }, run: showLog },
};

/** Certificate and key are files; the key may follow as a second argument. */
async function setCertificate(params: Params): Promise<number> {
  const node = await openNode();
  await node.pmxcfs.assertUp();
  const chain = await readPem(String(params.certificates), "certificates");
  const key = params.key === undefined ? undefined : await readPem(String(params.key), "key");
  const print = (line: string) => writeAll(1, line);
  await setCustomCertificate(node, {
    chain,
    key,
    force: Boolean(params.force),
    restart: Boolean(params.restart),
    print,
  });
  writeAll(1, formatOutput(certificateInfo("pveproxy-ssl.pem", chain), readOutputFormat(params)));
  return 0;
}

async function deleteCertificate(params: Params): Promise<number> {
  const node = await openNode();
  await node.pmxcfs.assertUp();
  await removeCustomCertificate(node, {
    restart: Boolean(params.restart),
    print: (line) => writeAll(1, line),
  });
  return 0;
}

async function showLog(params: Params): Promise<number> {
  const lines = await get(`/tasks/${params.upid}/log`, { limit: 0 });
  if (!Array.isArray(lines)) return 255;
  for (const line of lines) writeAll(1, `${line.t}\n`);
  return 0;
}

async function show(path: string, given: Params, params: Params): Promise<number> {
  writeAll(1, formatOutput(await get(path, given), readOutputFormat(params)));
  return 0;
}

async function get(path: string, given: Params): Promise<unknown> {
  const node = await openNode();
  await node.pmxcfs.assertUp();
  const full = `/nodes/${node.name}${path}`;
  return await execute(node, mustFindMethod("GET", full), {
    verb: "GET",
    path: full,
    given,
    who: { authuser: "root@pam", user: "root@pam" },
    startTask: async () => "",
  });
}

function methodParams(path: string): ParamSchemas {
  const { node: _node, ...own } = mustFindMethod("GET", `/nodes/x${path}`).parameters;
  return own;
}

function split(params: Params): { given: Params; rest: Params } {
  const entries = Object.entries(params);
  return {
    given: Object.fromEntries(entries.filter(([name]) => !(name in OUTPUT_PARAMS))),
    rest: Object.fromEntries(entries.filter(([name]) => name in OUTPUT_PARAMS)),
  };
}

async function readPem(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    throw new PveError(`${name}: unable to open file '${path}' - No such file or directory`, { exitCode: 2 });
  }
}
