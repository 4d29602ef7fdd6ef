import { z } from "zod";
import { refuse } from "./refuse.ts";
import type { Asked } from "./server.ts";
import type { TailnetState } from "./state.ts";

/** Auth keys (tailscale.md 4.5, 2). */
export function answerKeys(asked: Asked, state: TailnetState): Response | undefined {
  const { method, path } = asked;
  const denied = asked.need(method === "GET" ? "auth_keys:read" : "auth_keys");
  if (denied) return denied;
  if (method === "POST" && path === "/keys") return create(asked, state);
  const key = state.keys.find(({ id, revoked }) => path === `/keys/${id}` && !revoked);
  if (!key) return undefined;
  if (method === "DELETE") {
    key.revoked = true;
    return new Response("");
  }
  return Response.json({ id: key.id, description: key.description });
}

function create({ body, clientTags }: Asked, state: TailnetState): Response {
  const parsed = wanted.safeParse(JSON.parse(body));
  if (!parsed.success) return refuse(400, "invalid request body");
  const { description, expirySeconds, capabilities } = parsed.data;
  const { tags, preauthorized } = capabilities.devices.create;
  if (!/^[A-Za-z0-9 -]{0,50}$/.test(description))
    return refuse(400, "keys: description had invalid characters");
  if (expirySeconds < 1 || expirySeconds > 90 * 86_400) return refuse(400, "keys: expiry out of range");
  if (clientTags && tags.length === 0) return refuse(400, "tailnet-owned auth key must have tags set");
  const owned = tags.every((tag) => state.policy.includes(`"${tag}"`));
  const same = !clientTags || [...clientTags].sort().join() === [...tags].sort().join();
  if (!owned || !same) return refuse(400, `requested tags [${tags.join(" ")}] are invalid or not permitted`);
  const id = `k${state.keys.length + 1}CNTRL`;
  state.keys.push({ id, description, tags, revoked: false, expirySeconds });
  return Response.json({
    id,
    // Shown in this answer and never again.
    key: `tskey-auth-${id}-standin${crypto.randomUUID().replaceAll("-", "")}`,
    created: new Date().toISOString(),
    expires: new Date(Date.now() + expirySeconds * 1_000).toISOString(),
    capabilities: { devices: { create: { tags, preauthorized } } },
  });
}

const wanted = z.object({
  description: z.string().default(""),
  expirySeconds: z.number().default(90 * 86_400),
  capabilities: z.object({
    devices: z.object({
      create: z.object({
        tags: z.array(z.string()).default([]),
        reusable: z.boolean().default(false),
        ephemeral: z.boolean().default(false),
        preauthorized: z.boolean().default(false),
      }),
    }),
  }),
});
