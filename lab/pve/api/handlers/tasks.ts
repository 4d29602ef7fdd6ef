import { hasPrivilege } from "../../access/permissions.ts";
import { PveError, parameterError } from "../../errors.ts";
import { readText } from "../../node/files.ts";
import { endedTasks, logPath, runningTasks, type TaskState, taskState } from "../../tasks/task-files.ts";
import type { Call, Handlers } from "../call.ts";

export const taskHandlers: Handlers = {
  "GET /nodes/{node}/tasks": listTasks,
  "GET /nodes/{node}/tasks/{upid}": async (call) => {
    await mustFindTask(call);
    return ["log", "status"].map((name) => ({ name }));
  },
  "GET /nodes/{node}/tasks/{upid}/status": async (call) => {
    const { running, exitstatus, endtime: _ended, ...upid } = await mustFindTask(call);
    return {
      ...upid,
      status: running ? "running" : "stopped",
      ...(exitstatus !== undefined && { exitstatus }),
    };
  },
  "GET /nodes/{node}/tasks/{upid}/log": readLog,
  "DELETE /nodes/{node}/tasks/{upid}": async (call) => {
    const task = await mustFindTask(call);
    if (task.running) process.kill(task.pid, "SIGTERM");
    return null;
  },
};

/** A task as lists show it. */
export function taskEntry({ running, exitstatus, ...task }: TaskState): Record<string, unknown> {
  return { ...task, ...(!running && { status: exitstatus }) };
}

async function listTasks({ node, params, who, config }: Call): Promise<unknown> {
  const source = params.source ?? "archive";
  const all = [
    ...(source === "archive" ? [] : await runningTasks(node)),
    ...(source === "active" ? [] : await endedTasks(node)),
  ];
  const mayAll = hasPrivilege(config, who, `/nodes/${node.name}`, "Sys.Audit");
  const start = Number(params.start ?? 0);
  return all
    .filter((task) => mayAll || task.user === who.user)
    .filter((task) => params.typefilter === undefined || task.type === params.typefilter)
    .filter((task) => params.userfilter === undefined || task.user.includes(String(params.userfilter)))
    .filter((task) => params.vmid === undefined || task.id === String(params.vmid))
    .filter((task) => params.since === undefined || task.starttime >= Number(params.since))
    .filter((task) => params.until === undefined || task.starttime <= Number(params.until))
    .filter((task) => !params.errors || (task.exitstatus ?? "OK") !== "OK")
    .slice(start, start + Number(params.limit ?? 50))
    .map(taskEntry);
}

async function readLog(call: Call): Promise<unknown> {
  const { upid } = await mustFindTask(call);
  const lines = ((await readText(call.node, logPath(upid))) ?? "").replace(/\n$/, "").split("\n");
  const start = Number(call.params.start ?? 0);
  const limit = Number(call.params.limit ?? 50);
  return lines.map((t, index) => ({ n: index + 1, t })).slice(start, limit === 0 ? undefined : start + limit);
}

/** Others' tasks are for those who may audit the node. */
async function mustFindTask({ node, params, who, config }: Call): Promise<TaskState> {
  const task = await taskState(node, String(params.upid));
  if (!task) throw parameterError({ upid: "no such task" });
  if (task.user !== who.user && !hasPrivilege(config, who, `/nodes/${node.name}`, "Sys.Audit")) {
    throw new PveError(`Permission check failed (/nodes/${node.name}, Sys.Audit)`, { status: 403 });
  }
  return task;
}
