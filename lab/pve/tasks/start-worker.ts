import { spawn } from "node:child_process";
import { PveError } from "../errors.ts";
import type { Params } from "../params/verify.ts";

/** The argv[0] under which this executable runs a task on its own. */
export const WORKER_NAME = "lab-pve-worker";

/** What a worker is told on its standard input: secrets may be in it, so never in argv. */
export interface WorkerOrder {
  readonly type: string;
  readonly id: string;
  readonly user: string;
  readonly params: Params;
}

/**
 * Starts a task as a process of its own, which outlives the daemon that started it: a join restarts pvedaemon.
 * Gives the task's identifier, which the worker prints as its first line.
 */
export async function startWorker(order: WorkerOrder): Promise<string> {
  const child = spawn(process.execPath, [], {
    argv0: WORKER_NAME,
    detached: true,
    cwd: "/",
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.unref();
  child.stdin.end(JSON.stringify(order));
  return await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes("\n")) return;
      child.stdout.destroy();
      resolve(text.split("\n")[0] ?? "");
    });
    const fail = () => reject(new PveError("got no worker upid - start worker failed"));
    child.once("error", fail);
    child.once("exit", fail);
  });
}
