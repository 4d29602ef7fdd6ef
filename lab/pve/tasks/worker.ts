import { z } from "zod";
import { openNode } from "../node/pve-node.ts";
import { workOf } from "./kinds.ts";
import { runTask, writeAll } from "./task.ts";

const order = z.object({
  type: z.string(),
  id: z.string(),
  user: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
});

/** The program behind `startWorker`: reads its order, prints the identifier, does the work. */
export async function workerMain(): Promise<number> {
  const { params, ...kind } = order.parse(JSON.parse(await Bun.stdin.text()));
  const node = await openNode();
  await runTask(node, kind, (output) => workOf(kind.type)(node, params, output), {
    started: (upid) => writeAll(1, `${upid}\n`),
  });
  return 0;
}
