import http from "node:http";
import { send } from "../http/answer.ts";
import { answerApi } from "../http/api-service.ts";
import { openNode } from "../node/pve-node.ts";
import { notifyReady } from "./notify-ready.ts";
import { untilTerminated } from "./until-terminated.ts";

/** The API as root, for pveproxy alone: 127.0.0.1:85 (proxmox.md 13). */
export async function pvedaemonMain(): Promise<number> {
  const node = await openNode();
  const server = http.createServer((message, response) => {
    answerApi(node, message, undefined)
      .then((answer) => send(response, answer))
      .catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(85, "127.0.0.1", resolve));
  await notifyReady();
  await untilTerminated();
  return 0;
}
