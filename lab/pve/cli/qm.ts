import { execute, mustFindMethod } from "../api/execute.ts";
import { type ApiMethod, findMethod } from "../api/schema.ts";
import { PveError } from "../errors.ts";
import { importIntoVm } from "../guests/import-disk.ts";
import { runningVm } from "../guests/running.ts";
import { stateWord } from "../guests/status.ts";
import { encodeText } from "../guests/vm-config.ts";
import { changeVm, loadVm, unlocked } from "../guests/vm-files.ts";
import type { PveNode } from "../node/pve-node.ts";
import type { ParamSchemas } from "../params/schema.ts";
import type { Params } from "../params/verify.ts";
import { workOf } from "../tasks/kinds.ts";
import { runTask, type TaskOutput, writeAll } from "../tasks/task.ts";
import { openUp } from "./open-up.ts";
import { type Command, runCommand } from "./program.ts";
import { agentCommands } from "./qm-agent.ts";
import { snapshotTree, vmTable } from "./qm-output.ts";
import { complain } from "./say.ts";

const VM = "/nodes/{node}/qemu/{vmid}";
const vmid = { type: "integer", format: "pve-vmid", minimum: 100, maximum: 999_999_999 } as const;

/** The manager of virtual machines (proxmox.md 11). */
export async function qmMain(argv: readonly string[]): Promise<number> {
  return await runCommand("qm", commands(), argv);
}

function commands(): Readonly<Record<string, Command>> {
  const own = {
    list: byApi("GET", "/nodes/{node}/qemu", [], (data) => writeAll(1, vmTable(data))),
    config: byApi("GET", `${VM}/config`, ["vmid"], (data) => writeAll(1, configLines(data))),
    listsnapshot: byApi("GET", `${VM}/snapshot`, ["vmid"], (data) => writeAll(1, snapshotTree(data))),
    set: byApi("PUT", `${VM}/config`, ["vmid"]),
    create: byTask("POST", "/nodes/{node}/qemu", ["vmid"]),
    destroy: byTask("DELETE", VM, ["vmid"]),
    clone: byTask("POST", `${VM}/clone`, ["vmid", "newid"]),
    start: byTask("POST", `${VM}/status/start`, ["vmid"]),
    stop: byTask("POST", `${VM}/status/stop`, ["vmid"]),
    shutdown: byTask("POST", `${VM}/status/shutdown`, ["vmid"]),
    suspend: byTask("POST", `${VM}/status/suspend`, ["vmid"]),
    resume: byTask("POST", `${VM}/status/resume`, ["vmid"]),
    snapshot: byTask("POST", `${VM}/snapshot`, ["vmid", "snapname"]),
    delsnapshot: byTask("DELETE", `${VM}/snapshot/{snapname}`, ["vmid", "snapname"]),
    rollback: byTask("POST", `${VM}/snapshot/{snapname}/rollback`, ["vmid", "snapname"]),
    // The one that hides what became of its task.
    template: byTask("POST", `${VM}/template`, ["vmid"], () => 0),
    status: { args: ["vmid"], params: { vmid, verbose: { type: "boolean", optional: true } }, run: status },
    wait: {
      args: ["vmid"],
      params: { vmid, timeout: { type: "integer", minimum: 1, optional: true } },
      run: wait,
    },
    unlock: { args: ["vmid"], params: { vmid }, run: unlock },
    "disk import": { args: ["vmid", "source", "storage"], params: IMPORT_PARAMS, run: importDisk },
  } satisfies Record<string, Command>;
  return { ...own, importdisk: own["disk import"], ...agentCommands(vmid) };
}

const IMPORT_PARAMS: ParamSchemas = {
  vmid,
  source: { type: "string" },
  storage: { type: "string", format: "pve-storage-id" },
  format: { type: "string", enum: ["raw", "qcow2", "vmdk"], optional: true },
  "target-disk": { type: "string", optional: true },
};

/** A command that is a call of the API, whose answer it shows. */
function byApi(
  verb: string,
  template: string,
  args: readonly string[],
  show: (data: unknown) => void = () => undefined,
): Command {
  return {
    args,
    params: paramsOf(verb, template),
    run: async (params) => {
      show(await callApi(verb, template, params, async () => ""));
      return 0;
    },
  };
}

/** A command that is a task: its output to stdout, its last error to stderr, and 255 when it failed. */
function byTask(
  verb: string,
  template: string,
  args: readonly string[],
  exitCode: (status: string) => number = (status) => (isFine(status) ? 0 : 255),
): Command {
  return {
    args,
    params: paramsOf(verb, template),
    run: async (params) => {
      let code = 0;
      await callApi(verb, template, params, async (node, type, id, given) => {
        const kind = { type, id, user: "root@pam" };
        const work = (output: TaskOutput) => workOf(type)(node, given, output);
        const { upid, status: state } = await runTask(node, kind, work, { echo: true });
        if (!isFine(state)) complain(state);
        code = exitCode(state);
        return upid;
      });
      return code;
    },
  };
}

type StartTask = (node: PveNode, type: string, id: string, params: Params) => Promise<string>;

async function callApi(
  verb: string,
  template: string,
  params: Params,
  startTask: StartTask,
): Promise<unknown> {
  const node = await openUp();
  const path = template
    .replace("{node}", node.name)
    .replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name] ?? "")));
  const method = mustFindMethod(verb, path);
  return await execute(node, method, {
    verb,
    path,
    given: Object.fromEntries(Object.entries(params).filter(([name]) => !(name in method.pathParams))),
    who: { authuser: "root@pam", user: "root@pam" },
    startTask: (type, id, given) => startTask(node, type, id, given),
    print: (text) => writeAll(1, text),
  });
}

async function status(params: Params): Promise<number> {
  const node = await openUp();
  await loadVm(node, Number(params.vmid));
  writeAll(1, `status: ${stateWord(await runningVm(node, Number(params.vmid)))}\n`);
  return 0;
}

async function wait(params: Params): Promise<number> {
  const node = await openUp();
  const id = Number(params.vmid);
  await loadVm(node, id);
  const running = await runningVm(node, id);
  if (!running) return 0;
  writeAll(1, `waiting until VM ${id} stops (PID ${running.pid})\n`);
  const deadline = params.timeout === undefined ? Infinity : Date.now() + Number(params.timeout) * 1_000;
  while (await runningVm(node, id)) {
    if (Date.now() > deadline) throw new PveError("wait failed - got timeout");
    await Bun.sleep(200);
  }
  return 0;
}

async function unlock(params: Params): Promise<number> {
  await changeVm(await openUp(), Number(params.vmid), (config) => ({
    ...config,
    current: unlocked(config.current),
    pending: unlocked(config.pending),
  }));
  return 0;
}

async function importDisk(params: Params): Promise<number> {
  const output = {
    print: (text: string) => writeAll(1, text),
    warn: (text: string) => complain(text),
  };
  await importIntoVm(await openUp(), params, output);
  return 0;
}

function paramsOf(verb: string, template: string): ParamSchemas {
  const path = template.replace("{node}", "x").replace("{vmid}", "100").replace("{snapname}", "x");
  const found: ApiMethod | undefined = findMethod(verb, path);
  const { node: _node, ...own } = found?.parameters ?? {};
  return own;
}

/** `key: value` in order; a description in the form that it has in the file, in one line. */
function configLines(data: unknown): string {
  return Object.entries(data ?? {})
    .filter(([key]) => key !== "digest")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${key === "description" ? encodeText(String(value)) : value}\n`)
    .join("");
}

function isFine(state: string): boolean {
  return state === "OK" || state.startsWith("WARNINGS: ");
}
