import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { runOk } from "../../src/host/run.ts";
import { runDir } from "../fabric/namespaces.ts";
import type { LabPlan } from "../plan.ts";
import { startDaemon } from "../processes.ts";
import { CONTROL_PORT, MAGIC_DNS_DOMAIN, STUN_PORT } from "./addresses.ts";
import type { AuthKeyOptions } from "./auth-key.ts";
import { tailnetDir } from "./internet.ts";
import type { TailnetNode } from "./nodes.ts";
import { DEFAULT_POLICY, HEADSCALE_USER } from "./policy-text.ts";
import { ensurePrograms } from "./programs.ts";
import { untilReady } from "./ready.ts";

/** Starts a real headscale with DERP and STUN, one user, and the policy that tailmox needs. */
export async function startHeadscale(plan: LabPlan): Promise<void> {
  const directory = tailnetDir(plan);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await mkdir(runDir(plan), { recursive: true });
  // JSON is YAML.
  await writeFile(settingsFile(plan), JSON.stringify(headscaleSettings(plan), undefined, 2));
  const { headscale } = await ensurePrograms();
  await startDaemon(plan, "control", [headscale, "serve", "-c", settingsFile(plan)], {
    namespace: plan.control.namespace,
    env: { HEADSCALE_DISABLE_CHECK_UPDATES: "true" },
  });
  const existing = await untilReady(plan, "control", () => users(plan).catch(() => undefined));
  if (existing.some((user) => user.name === HEADSCALE_USER)) return;
  await command(plan, ["users", "create", HEADSCALE_USER]);
  await setHeadscalePolicy(plan, DEFAULT_POLICY);
}

/** headscale's settings (tailscale.md 8.1). */
export function headscaleSettings(plan: LabPlan): object {
  const directory = tailnetDir(plan);
  const { address } = plan.control;
  return {
    server_url: `http://${address}:${CONTROL_PORT}`,
    listen_addr: `${address}:${CONTROL_PORT}`,
    metrics_listen_addr: "",
    grpc_listen_addr: "127.0.0.1:50443",
    noise: { private_key_path: join(directory, "noise.key") },
    prefixes: { v4: "100.64.0.0/10", v6: "fd7a:115c:a1e0::/48", allocation: "sequential" },
    derp: {
      server: {
        enabled: true,
        region_id: 999,
        region_code: "lab",
        region_name: "Lab",
        verify_clients: false,
        stun_listen_addr: `${address}:${STUN_PORT}`,
        private_key_path: join(directory, "derp.key"),
        automatically_add_embedded_derp_region: true,
        ipv4: address,
      },
      urls: [],
      paths: [],
      auto_update_enabled: false,
    },
    disable_check_updates: true,
    database: { type: "sqlite", sqlite: { path: join(directory, "db.sqlite"), write_ahead_log: true } },
    policy: { mode: "database", path: "" },
    dns: { magic_dns: true, base_domain: MAGIC_DNS_DOMAIN.headscale, override_local_dns: false },
    unix_socket: join(runDir(plan), "headscale.sock"),
    unix_socket_permission: "0700",
    logtail: { enabled: false },
    node: { expiry: 0, ephemeral: { inactivity_timeout: "30m" } },
    log: { level: "info", format: "text" },
  };
}

export async function createHeadscaleKey(plan: LabPlan, options: Required<AuthKeyOptions>): Promise<string> {
  const user = (await users(plan)).find((each) => each.name === HEADSCALE_USER);
  if (user === undefined) throw new Error(`headscale has no user ${HEADSCALE_USER}`);
  const answer = await command(plan, [
    "preauthkeys",
    "create",
    ...(options.reusable ? ["--reusable"] : []),
    ...(options.ephemeral ? ["--ephemeral"] : []),
    "--expiration",
    options.expired ? "1ms" : "24h",
    ...(options.tags.length > 0 ? ["--tags", options.tags.join(",")] : ["--user", String(user.id)]),
    "--output",
    "json",
  ]);
  return keyAnswer.parse(JSON.parse(answer)).key;
}

/** A key for headscale's HTTP API, valid for a day. */
export async function createHeadscaleApiKey(plan: LabPlan): Promise<string> {
  const answer = await command(plan, ["apikeys", "create", "--expiration", "24h"]);
  const key = /hskey-api-\S+|^\S+$/m.exec(answer.trim())?.[0];
  if (key === undefined) throw new Error(`headscale made no API key: ${answer}`);
  return key;
}

export async function setHeadscalePolicy(plan: LabPlan, text: string): Promise<void> {
  const file = join(tailnetDir(plan), "policy.hujson");
  await writeFile(file, text);
  await command(plan, ["policy", "set", "-f", file]);
}

export async function headscalePolicy(plan: LabPlan): Promise<string> {
  return command(plan, ["policy", "get"]);
}

export async function headscaleNodes(plan: LabPlan): Promise<readonly TailnetNode[]> {
  const nodes = nodesAnswer.parse(JSON.parse(await command(plan, ["nodes", "list", "--output", "json"])));
  return (nodes ?? []).map((node) => ({
    id: String(node.id),
    label: node.given_name,
    addresses: node.ip_addresses,
    tags: node.tags,
    online: node.online,
  }));
}

export async function deleteHeadscaleNode(plan: LabPlan, id: string): Promise<void> {
  await command(plan, ["nodes", "delete", "--identifier", id, "--force"]);
}

const keyAnswer = z.object({ key: z.string().min(1) });
/** An id is a number in 0.29 and a string in later versions (tailscale.md 8.2). */
const usersAnswer = z.array(z.object({ id: z.coerce.number(), name: z.string() })).nullable();

/** `online` is left out when false, and `tags` when there are none (tailscale.md 8.2). */
const nodesAnswer = z
  .array(
    z.object({
      id: z.coerce.number(),
      given_name: z.string(),
      ip_addresses: z.array(z.string()).default([]),
      tags: z.array(z.string()).default([]),
      online: z.boolean().default(false),
    }),
  )
  .nullable();

async function users(plan: LabPlan): Promise<z.infer<typeof usersAnswer> & object> {
  return usersAnswer.parse(JSON.parse(await command(plan, ["users", "list", "--output", "json"]))) ?? [];
}

async function command(plan: LabPlan, argv: readonly string[]): Promise<string> {
  const { headscale } = await ensurePrograms();
  return runOk([headscale, "-c", settingsFile(plan), ...argv], { timeoutMs: 20_000 });
}

function settingsFile(plan: LabPlan): string {
  return join(tailnetDir(plan), "headscale.yaml");
}
