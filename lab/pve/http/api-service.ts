import type { IncomingMessage } from "node:http";
import { authenticate } from "../access/authenticate.ts";
import type { Identity } from "../access/permissions.ts";
import { execute, mustFindMethod, needsNoLogin } from "../api/execute.ts";
import { findMethod } from "../api/schema.ts";
import type { PveNode } from "../node/pve-node.ts";
import { startWorker } from "../tasks/start-worker.ts";
import { type Answer, dataAnswer, errorAnswer, initFailure } from "./answer.ts";
import { type ApiRequest, paramsOf, readApiRequest } from "./request.ts";

/** Passes an authenticated request on, or undefined when this process answers it. */
export type Forward = (request: ApiRequest, pathParams: Readonly<Record<string, string>>) => Promise<Answer>;

/**
 * Answers a request of the API: who calls, then what is called, then either `forward` (pveproxy) or the call
 * itself (pvedaemon).
 */
export async function answerApi(
  node: PveNode,
  message: IncomingMessage,
  forward: Forward | undefined,
): Promise<Answer> {
  let request: ApiRequest;
  let who: Identity | undefined;
  try {
    request = await readApiRequest(message);
    if (!(await node.pmxcfs.answers())) throw initFailure();
    const method = findMethod(request.verb, request.path);
    if (!method || !needsNoLogin(method)) who = await authenticate(node, request.credentials);
  } catch (error) {
    return errorAnswer(node, error, false);
  }
  try {
    const method = mustFindMethod(request.verb, request.path);
    if (forward) return await forward(request, method.proxyTo ? method.pathParams : {});
    const user = who?.authuser ?? "";
    const data = await execute(node, method, {
      verb: request.verb,
      path: request.path,
      given: paramsOf(request),
      who,
      startTask: (type, id, params) => startWorker({ type, id, user, params }),
    });
    return dataAnswer(data);
  } catch (error) {
    return errorAnswer(node, error, true);
  }
}
