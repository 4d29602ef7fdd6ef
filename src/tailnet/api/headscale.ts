import { z } from "zod";
import { UserError } from "../../errors.ts";
import { parseJson } from "../../host/json.ts";
import type { ControlPlane, Device } from "./control-plane.ts";
import { refusalWords } from "./failure.ts";
import type { Api } from "./http.ts";

/** headscale by its API v1, which 0.29 and later have. Source: tailscale.md 8.3 and headscale's own definition. */
export function headscaleControl(api: Api): ControlPlane {
  const scope = "an API key of headscale (headscale apikeys create)";
  const read = async () => {
    const answer = await api.request({
      method: "GET",
      path: "/api/v1/policy",
      scope,
      expect: [400, 404, 500],
    });
    const parsed = policyJson.safeParse(parseJson(answer.text));
    if (answer.status === 200 && parsed.success)
      return { text: parsed.data.policy, version: parsed.data.policy };
    throw new UserError("E_API_NOT_FOUND", "headscale has no policy that can be read by its API", {
      likely: `${refusalWords(answer.text)}: without a policy headscale lets everybody reach everything`,
      mend: "tailmox policy print --for headscale > FILE; headscale policy set -f FILE",
    });
  };
  return {
    kind: "headscale",
    url: api.url,
    policy: read,
    policyObjection: async () => undefined,
    async validatePolicy(text) {
      const path = "/api/v1/policy/check";
      const answer = await api.request({
        ...json("POST", { policy: text }),
        path,
        scope,
        expect: [400, 500],
      });
      if (answer.status !== 200) throw policyRefused(answer.text);
    },
    async writePolicy(text, { version }) {
      // headscale has no If-Match: looking once more makes the gap small, and does not close it.
      if ((await read()).version !== version) return false;
      const request = { ...json("PUT", { policy: text }), path: "/api/v1/policy", scope };
      const answer = await api.request({ ...request, expect: [400, 500] });
      if (answer.status !== 200) throw policyRefused(answer.text);
      return true;
    },
    async createKey({ tag, seconds, reusable }) {
      const expiration = new Date(Date.now() + seconds * 1_000).toISOString();
      const body = { reusable, ephemeral: false, expiration, aclTags: [tag] };
      const path = "/api/v1/preauthkey";
      const { preAuthKey } = await api.json(keyJson, { ...json("POST", body), path, scope });
      return { id: String(preAuthKey.id), key: preAuthKey.key, expires: preAuthKey.expiration ?? expiration };
    },
    async revokeKey(id) {
      await api.request({ ...json("POST", { id }), path: "/api/v1/preauthkey/expire", scope });
    },
    async devices() {
      const { nodes } = await api.json(nodesJson, { method: "GET", path: "/api/v1/node", scope });
      return nodes.map(deviceOf);
    },
    async deleteDevice(id) {
      const path = `/api/v1/node/${encodeURIComponent(id)}`;
      await api.request({ method: "DELETE", path, scope, expect: [404] });
    },
    service: async () => noServices(),
    serviceHosts: async () => noServices(),
    putService: async () => noServices(),
    deleteService: async () => noServices(),
  };
}

function noServices(): never {
  throw new UserError("E_NO_SUCH_FEATURE", "headscale has no Services", {
    likely: "a Service, one name for the web pages of all hosts, is Tailscale's own",
    mend: "reach each host by its own name; leave out the Service: --no-service",
  });
}

function policyRefused(text: string): UserError {
  return new UserError("E_POLICY_REFUSED", "headscale does not take the policy", {
    likely: refusalWords(text) || "it gives no reason",
    mend: "nothing was written; tailmox policy check --for headscale",
  });
}

function json(method: "POST" | "PUT", body: object) {
  return { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

const policyJson = z.object({ policy: z.string() });

const keyJson = z.object({
  preAuthKey: z.object({
    id: z.union([z.string(), z.number()]),
    key: z.string().min(1),
    expiration: z.string().nullish(),
  }),
});

const nodeJson = z.object({
  id: z.union([z.string(), z.number()]),
  name: z.string().default(""),
  givenName: z.string().default(""),
  ipAddresses: z.array(z.string()).default([]),
  tags: z.array(z.string()).default([]),
  online: z.boolean().default(false),
  lastSeen: z.string().nullish(),
  createdAt: z.string().nullish(),
  expiry: z.string().nullish(),
});

const nodesJson = z.object({ nodes: z.array(nodeJson).default([]) });

/** headscale tells no version of a client. */
function deviceOf(node: z.infer<typeof nodeJson>): Device {
  return {
    id: String(node.id),
    hostname: node.name,
    name: node.givenName || node.name,
    addresses: node.ipAddresses,
    tags: node.tags,
    version: "",
    online: node.online,
    lastSeen: node.lastSeen ?? undefined,
    created: node.createdAt ?? "",
    keyExpires: node.expiry && !node.expiry.startsWith("0001-") ? node.expiry : undefined,
    authorized: true,
    external: false,
  };
}
