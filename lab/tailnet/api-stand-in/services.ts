import { z } from "zod";
import { refuse } from "./refuse.ts";
import type { Asked } from "./server.ts";
import type { TailnetState } from "./state.ts";

/** Services: PUT replaces the whole definition (tailscale.md 4.6). */
export function answerServices(asked: Asked, state: TailnetState): Response | undefined {
  const { method, path, body } = asked;
  const [, name = "", rest] = /^\/services\/(svc:[^/]+)(\/devices)?$/.exec(decodeURIComponent(path)) ?? [];
  const denied = asked.need(method === "GET" ? "services:read" : "services");
  if (denied || name === "") return denied;
  const service = state.services.get(name);
  if (rest) {
    const more = asked.need("devices:core:read");
    return more ?? (service && Response.json({ hosts: service.hosts }));
  }
  if (method === "PUT") return put(name, body, state);
  if (!service) return undefined;
  if (method === "DELETE") {
    state.services.delete(name);
    return new Response("");
  }
  const { hosts: _, ...definition } = service;
  return Response.json(definition);
}

function put(name: string, body: string, state: TailnetState): Response {
  const parsed = definition.safeParse(JSON.parse(body));
  if (!parsed.success || parsed.data.name !== name) return refuse(400, "invalid service");
  if (state.devices.some((device) => device.name.split(".")[0] === name.slice(4))) {
    return refuse(409, `a device is called ${name.slice(4)} already`);
  }
  const { addrs, ...rest } = parsed.data;
  const count = state.services.size + state.requests.length;
  // Without its address it gets a new one.
  const own = addrs.length > 0 ? addrs : [`100.100.0.${count}`, `fd7a:115c:a1e0::${count}`];
  state.services.set(name, { ...rest, addrs: own, hosts: state.services.get(name)?.hosts ?? [] });
  return Response.json({ ...rest, addrs: own });
}

const definition = z.object({
  name: z.string(),
  addrs: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  tags: z.array(z.string()).default([]),
  comment: z.string().default(""),
});
