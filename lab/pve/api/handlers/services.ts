import { PveError } from "../../errors.ts";
import { SERVICES, serviceState } from "../../node/services.ts";
import type { Call, Handlers } from "../call.ts";

export const serviceHandlers: Handlers = {
  "GET /nodes/{node}/services": async () => await Promise.all(Object.keys(SERVICES).map(serviceState)),
  "GET /nodes/{node}/services/{service}": async () =>
    ["state", "start", "stop", "restart", "reload"].map((subdir) => ({ subdir })),
  "GET /nodes/{node}/services/{service}/state": async ({ params }) =>
    await serviceState(String(params.service)),
  "POST /nodes/{node}/services/{service}/start": (call) => serviceTask(call, "srvstart"),
  "POST /nodes/{node}/services/{service}/stop": (call) => serviceTask(call, "srvstop"),
  "POST /nodes/{node}/services/{service}/restart": (call) => serviceTask(call, "srvrestart"),
  "POST /nodes/{node}/services/{service}/reload": (call) => serviceTask(call, "srvreload"),
};

async function serviceTask(call: Call, type: string): Promise<string> {
  const service = String(call.params.service);
  if (!(service in SERVICES)) throw new PveError(`service '${service}' is not installed!`);
  return await call.startTask(type, service, { service });
}
