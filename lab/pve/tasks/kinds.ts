import { createCluster } from "../cluster/create.ts";
import { joinCluster } from "../cluster/join.ts";
import { PveError } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { serviceCommand } from "../node/services.ts";
import type { Params } from "../params/verify.ts";
import type { TaskOutput } from "./task.ts";

type Kind = (node: PveNode, params: Params, output: TaskOutput) => Promise<void>;

/** The work of each type of task. */
export function workOf(type: string): Kind {
  const work = KINDS[type];
  if (!work) throw new PveError(`unknown task type '${type}'`);
  return work;
}

const KINDS: Readonly<Record<string, Kind>> = {
  clustercreate: createCluster,
  clusterjoin: joinCluster,
  srvstart: serviceCommand("start"),
  srvstop: serviceCommand("stop"),
  srvrestart: serviceCommand("restart"),
  srvreload: serviceCommand("reload-or-restart"),
};
