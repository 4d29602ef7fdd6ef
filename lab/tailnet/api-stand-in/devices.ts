import { refuse } from "./refuse.ts";
import type { Asked } from "./server.ts";
import type { TailnetState } from "./state.ts";

/** Devices: all in one answer, deleted one by one (tailscale.md 4.4). */
export function answerDevices(asked: Asked, state: TailnetState): Response | undefined {
  const { method, path } = asked;
  if (path === "/devices" && method === "GET") {
    return asked.need("devices:core:read") ?? Response.json({ devices: state.devices });
  }
  const id = /^\/device\/([^/]+)$/.exec(path)?.[1];
  const device = state.devices.find(({ nodeId }) => nodeId === id);
  const denied = asked.need(method === "GET" ? "devices:core:read" : "devices:core");
  if (denied || !device) return denied;
  if (method === "GET") return Response.json(device);
  if (method !== "DELETE") return undefined;
  if (device.isExternal) return refuse(501, "cannot delete a shared device");
  state.devices = state.devices.filter((each) => each !== device);
  return new Response("");
}
