import { createCluster } from "../cluster/create.ts";
import { joinCluster } from "../cluster/join.ts";
import { PveError } from "../errors.ts";
import { cloneVm } from "../guests/clone.ts";
import { createVm } from "../guests/create.ts";
import { destroyVm } from "../guests/destroy.ts";
import { resumeVm, shutdownVm, startVm, stopVm, suspendVm } from "../guests/power.ts";
import { rollbackVm } from "../guests/rollback.ts";
import { templateVm } from "../guests/template.ts";
import { deleteSnapshot, snapshotVm } from "../guests/vm-snapshots.ts";
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
  qmcreate: createVm,
  qmclone: cloneVm,
  qmdestroy: destroyVm,
  qmtemplate: templateVm,
  qmstart: startVm,
  qmstop: stopVm,
  qmshutdown: shutdownVm,
  qmsuspend: suspendVm,
  qmresume: resumeVm,
  qmsnapshot: snapshotVm,
  qmdelsnapshot: deleteSnapshot,
  qmrollback: rollbackVm,
  srvstart: serviceCommand("start"),
  srvstop: serviceCommand("stop"),
  srvrestart: serviceCommand("restart"),
  srvreload: serviceCommand("reload-or-restart"),
};
