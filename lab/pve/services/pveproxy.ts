import { mkdir } from "node:fs/promises";
import type http from "node:http";
import { PveError } from "../errors.ts";
import { accessList } from "../http/access-list.ts";
import { send } from "../http/answer.ts";
import { answerApi } from "../http/api-service.ts";
import { forwarder } from "../http/forward.ts";
import { API_ROOT } from "../http/request.ts";
import { tlsFront } from "../http/tls-front.ts";
import { readText } from "../node/files.ts";
import { openNode, type PveNode } from "../node/pve-node.ts";
import { servedCertificate } from "../node/served-certificate.ts";
import { parseDefaults } from "../node/settings.ts";
import { notifyReady } from "./notify-ready.ts";
import { untilTerminated } from "./until-terminated.ts";
import { webPage } from "./web-page.ts";

/** The API for the world, on port 8006: says who calls, and passes on to pvedaemon here or to another member. */
export async function pveproxyMain(): Promise<number> {
  const node = await openNode();
  await mkdir("/run/pveproxy", { recursive: true, mode: 0o700 });
  let defaults = await readDefaults(node);
  const front = tlsFront(requestHandler(node), (address) => accessList(defaults).admits(address));
  const present = async () => {
    const certificate = await servedCertificate(node);
    if (!certificate) throw new PveError("unable to read '/etc/pve/local/pve-ssl.pem' - no certificate");
    await front.present(certificate);
  };
  await present();
  await front.listen(8006, defaults.LISTEN_IP ?? "::");
  await notifyReady();
  await untilTerminated(async () => {
    defaults = await readDefaults(node);
    await present();
  });
  return 0;
}

function requestHandler(node: PveNode): http.RequestListener {
  const forward = forwarder(node);
  return (message, response) => {
    const path = (message.url ?? "/").split("?")[0] ?? "/";
    const answered =
      path === API_ROOT || path.startsWith(`${API_ROOT}/`)
        ? answerApi(node, message, forward)
        : Promise.resolve(webPage(node, path));
    answered
      .then((answer) => send(response, answer))
      .catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
  };
}

async function readDefaults(node: PveNode): Promise<Readonly<Record<string, string>>> {
  return parseDefaults((await readText(node, "/etc/default/pveproxy")) ?? "");
}
