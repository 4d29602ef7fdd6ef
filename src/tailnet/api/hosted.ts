import { z } from "zod";
import { UserError } from "../../errors.ts";
import { parseJson } from "../../host/json.ts";
import type { ControlPlane, Device, Service, ServiceHost } from "./control-plane.ts";
import { refusalWords } from "./failure.ts";
import type { Api } from "./http.ts";

/** Tailscale's control API v2. Source: tailscale.md 4. */
export function hostedControl(api: Api): ControlPlane {
  return {
    kind: "hosted",
    url: api.url,
    async policy() {
      const headers = { Accept: "application/hujson" };
      const answer = await api.request({
        method: "GET",
        path: `${TAILNET}/acl`,
        headers,
        scope: "policy_file:read",
      });
      const version = answer.headers.get("ETag");
      if (version) return { text: answer.text, version };
      throw new UserError("E_API_ANSWER", `${api.url} gives the policy without an ETag`, {
        likely:
          "a proxy on the way takes headers away: without it another administrator's change could be lost",
        mend: "look at --api-url",
      });
    },
    async policyObjection(text) {
      if (GITOPS.test(text)) return "the policy itself says that it is maintained elsewhere";
      const path = `${TAILNET}/settings`;
      const answer = await api
        .request({ method: "GET", path, scope: "feature_settings:read", expect: [403, 404] })
        .then(({ text: body }) => settingsJson.safeParse(parseJson(body)));
      if (!answer.success || !answer.data.aclsExternallyManagedOn) return undefined;
      return `the tailnet is set to be managed elsewhere${answer.data.aclsExternalLink ? ` (${answer.data.aclsExternalLink})` : ""}`;
    },
    async validatePolicy(text) {
      const path = `${TAILNET}/acl/validate`;
      const answer = await api.request({ ...hujson(text), path, expect: [400] });
      // 200 is the answer to a policy that fails as well: the body tells (tailscale.md 4.3).
      const parsed = validationJson.safeParse(parseJson(answer.text === "" ? "{}" : answer.text));
      if (answer.status === 400 || !parsed.success || parsed.data.message) throw policyRefused(answer.text);
    },
    async writePolicy(text, { version }) {
      const request = hujson(text);
      const answer = await api.request({
        ...request,
        path: `${TAILNET}/acl`,
        headers: { ...request.headers, "If-Match": version },
        expect: [400, 409, 412],
      });
      if (answer.status === 400) throw policyRefused(answer.text);
      return answer.status !== 412 && answer.status !== 409;
    },
    async createKey({ tag, seconds, reusable, description }) {
      const create = { reusable, ephemeral: false, preauthorized: true, tags: [tag] };
      const body = {
        keyType: "auth",
        description,
        expirySeconds: seconds,
        capabilities: { devices: { create } },
      };
      const path = `${TAILNET}/keys`;
      return api.json(keyJson, { ...json("POST", body), path, scope: "auth_keys" });
    },
    async revokeKey(id) {
      await api.request({
        method: "DELETE",
        path: `${TAILNET}/keys/${encodeURIComponent(id)}`,
        scope: "auth_keys",
      });
    },
    async devices() {
      const path = `${TAILNET}/devices?fields=all`;
      const answer = await api.json(devicesJson, { method: "GET", path, scope: "devices:core:read" });
      return answer.devices.map(device);
    },
    async deleteDevice(id) {
      const path = `/api/v2/device/${encodeURIComponent(id)}`;
      await api.request({ method: "DELETE", path, scope: "devices:core", expect: [404] });
    },
    async service(name) {
      const path = servicePath(name);
      const answer = await api.request({ method: "GET", path, scope: "services:read", expect: [404] });
      if (answer.status === 404) return undefined;
      const parsed = serviceJson.safeParse(parseJson(answer.text));
      return parsed.success ? serviceOf(parsed.data) : undefined;
    },
    async serviceHosts(name) {
      const path = `${servicePath(name)}/devices`;
      const scope = "services:read and devices:core:read";
      return (await api.json(hostsJson, { method: "GET", path, scope })).hosts.map(hostOf);
    },
    async putService({ name, addresses, ports, tags, comment }) {
      const body = { name, addrs: addresses, ports, tags, comment };
      await api.request({ ...json("PUT", body), path: servicePath(name), scope: "services" });
    },
    async deleteService(name) {
      await api.request({ method: "DELETE", path: servicePath(name), scope: "services", expect: [404] });
    },
  };
}

/** "-" is the tailnet of the credential. */
const TAILNET = "/api/v2/tailnet/-";

/** The comment that Tailscale's own GitOps guides put at the top of a policy. */
const GITOPS = /\/\/.*(?:ACLs|policy file|tailnet policy).*(?:maintained|managed) (?:in|by|at)\b/i;

function servicePath(name: string): string {
  return `${TAILNET}/services/${encodeURIComponent(name).replace("%3A", ":")}`;
}

function json(method: "POST" | "PUT", body: object) {
  return { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

function hujson(text: string) {
  const headers = { "Content-Type": "application/hujson" };
  return { method: "POST", body: text, headers, scope: "policy_file" } as const;
}

function policyRefused(text: string): UserError {
  return new UserError("E_POLICY_REFUSED", "the control server does not take the policy", {
    likely: refusalWords(text) || "it gives no reason",
    mend: "nothing was written; tailmox policy check, and look at the tests of the policy",
  });
}

const settingsJson = z.object({
  aclsExternallyManagedOn: z.boolean().default(false),
  aclsExternalLink: z.string().default(""),
});

const validationJson = z.object({ message: z.string().optional() });

const keyJson = z.object({ id: z.string(), key: z.string().min(1), expires: z.string() });

const deviceJson = z.object({
  id: z.string().default(""),
  nodeId: z.string().optional(),
  name: z.string().default(""),
  hostname: z.string().default(""),
  addresses: z.array(z.string()).default([]),
  tags: z.array(z.string()).nullish(),
  clientVersion: z.string().default(""),
  connectedToControl: z.boolean().optional(),
  lastSeen: z.string().nullish(),
  created: z.string().default(""),
  expires: z.string().nullish(),
  keyExpiryDisabled: z.boolean().default(false),
  authorized: z.boolean().default(true),
  isExternal: z.boolean().default(false),
});

const devicesJson = z.object({ devices: z.array(deviceJson) });

function device(raw: z.infer<typeof deviceJson>): Device {
  return {
    id: raw.nodeId ?? raw.id,
    hostname: raw.hostname,
    name: raw.name.split(".")[0] ?? raw.name,
    addresses: raw.addresses,
    tags: raw.tags ?? [],
    version: raw.clientVersion.split("-")[0] ?? "",
    online: raw.connectedToControl ?? false,
    lastSeen: isTime(raw.lastSeen) ? raw.lastSeen : undefined,
    created: raw.created,
    keyExpires: raw.keyExpiryDisabled || !isTime(raw.expires) ? undefined : raw.expires,
    authorized: raw.authorized,
    external: raw.isExternal,
  };
}

/** The year 1 means "never" (tailscale.md 1.8). */
function isTime(text: string | null | undefined): text is string {
  return typeof text === "string" && text !== "" && !text.startsWith("0001-");
}

const serviceJson = z.object({
  name: z.string(),
  addrs: z.array(z.string()).nullish(),
  ports: z.array(z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
  comment: z.string().nullish(),
});

function serviceOf({ name, addrs, ports, tags, comment }: z.infer<typeof serviceJson>): Service {
  return { name, addresses: addrs ?? [], ports: ports ?? [], tags: tags ?? [], comment: comment ?? "" };
}

const hostJson = z.object({
  stableNodeID: z.string(),
  approvalLevel: z.enum(["not-approved", "approved:auto", "approved:manual"]).catch("not-approved"),
  configured: z.string().default("unknown"),
});

const hostsJson = z.object({
  hosts: z
    .array(hostJson)
    .nullish()
    .transform((hosts) => hosts ?? []),
});

function hostOf({ stableNodeID, approvalLevel, configured }: z.infer<typeof hostJson>): ServiceHost {
  return { device: stableNodeID, approval: approvalLevel, configured };
}
