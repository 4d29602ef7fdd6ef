import type { Identity } from "../access/permissions.ts";
import type { UserConfig } from "../access/user-config.ts";
import type { PveNode } from "../node/pve-node.ts";
import type { Params } from "../params/verify.ts";
import type { TaskOutput } from "../tasks/task.ts";

/** One call of the API, its parameters checked, its caller known and allowed. */
export interface Call {
  readonly node: PveNode;
  readonly params: Params;
  readonly who: Identity;
  readonly config: UserConfig;
  /** What a call that is no task says while it works: seen on the command line alone. */
  readonly output: TaskOutput;
  /** Starts a task and gives its identifier; on the command line it runs to its end first. */
  startTask(type: string, id: string, params: Params): Promise<string>;
}

export type Handler = (call: Call) => Promise<unknown>;

/** Handlers by `VERB /path` as in the schema. */
export type Handlers = Readonly<Record<string, Handler>>;
