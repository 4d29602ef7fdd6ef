import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../src/errors.ts";
import { runDir } from "../fabric/namespaces.ts";
import type { LabPlan } from "../plan.ts";
import { startDaemon } from "../processes.ts";
import { CONTROL_PORT, MAGIC_DNS_DOMAIN, STUN_PORT } from "./addresses.ts";
import type { AuthKeyOptions } from "./auth-key.ts";
import { tailnetDir } from "./internet.ts";
import { ensurePrograms } from "./programs.ts";
import { untilReady } from "./ready.ts";

/** Starts Tailscale's own test control server with DERP and STUN (lab/tailnet/testcontrol). */
export async function startHosted(plan: LabPlan): Promise<void> {
  await mkdir(tailnetDir(plan), { recursive: true, mode: 0o700 });
  await mkdir(runDir(plan), { recursive: true });
  const { testcontrol } = await ensurePrograms();
  await startDaemon(
    plan,
    "control",
    [
      testcontrol,
      `-listen=${plan.control.address}:${CONTROL_PORT}`,
      `-stun-port=${STUN_PORT}`,
      `-admin=${adminSocket(plan)}`,
      `-state=${join(tailnetDir(plan), "testcontrol.json")}`,
      `-domain=${MAGIC_DNS_DOMAIN.hosted}`,
      "-tags=tag:tailmox",
    ],
    { namespace: plan.control.namespace },
  );
  await untilReady(plan, "control", () => ask(plan, "GET", "/health", z.unknown()).catch(() => undefined));
}

export async function createHostedKey(plan: LabPlan, options: Required<AuthKeyOptions>): Promise<string> {
  const { key } = await ask(plan, "POST", "/keys", z.object({ key: z.string() }), {
    tags: options.tags,
    reusable: options.reusable,
    ephemeral: options.ephemeral,
    preauthorized: true,
    expirySeconds: options.expired ? -1 : 86_400,
  });
  return key;
}

const hostedNode = z.object({
  id: z.string(),
  name: z.string(),
  hostname: z.string(),
  addresses: z.array(z.string()),
  tags: z.array(z.string()).nullable(),
  online: z.boolean(),
  approved: z.boolean(),
  expired: z.boolean(),
});

/** The devices of a hosted tailnet, as its admin console would list them. */
export async function hostedNodes(plan: LabPlan): Promise<z.infer<typeof hostedNode>[]> {
  return ask(plan, "GET", "/nodes", z.array(hostedNode));
}

/** Login links that wait for somebody, with the host name of the device. */
export async function pendingLogins(plan: LabPlan): Promise<{ url: string; hostname: string }[]> {
  return ask(plan, "GET", "/logins", z.array(z.object({ url: z.string(), hostname: z.string() })));
}

/** Does what a person would at a login link. */
export async function completeLogin(plan: LabPlan, url: string): Promise<void> {
  await ask(plan, "POST", "/logins/complete", z.unknown(), { url });
}

/** What an administrator can do to one device, given by its stable id or its first DNS label. */
export async function changeHostedNode(
  plan: LabPlan,
  node: string,
  action: "expire" | "delete" | "approve",
): Promise<void> {
  await ask(plan, "POST", `/nodes/${node}/${action}`, z.unknown(), {});
}

/** Gives a device capabilities beside `https`: {"service-host": [{"svc:tailmox": ["100.100.0.1"]}]}, say. */
export async function setCapabilities(
  plan: LabPlan,
  node: string,
  capabilities: Readonly<Record<string, readonly unknown[]>>,
): Promise<void> {
  await ask(plan, "POST", `/nodes/${node}/capabilities`, z.unknown(), capabilities);
}

/** Settings of the tailnet: HTTPS certificates (on at first), approval of new devices (off at first). */
export async function setHostedSettings(
  plan: LabPlan,
  settings: { readonly httpsEnabled?: boolean; readonly devicesApprovalOn?: boolean },
): Promise<void> {
  await ask(plan, "POST", "/settings", z.unknown(), settings);
}

async function ask<T>(
  plan: LabPlan,
  method: "GET" | "POST",
  path: string,
  answer: z.ZodType<T>,
  body?: unknown,
): Promise<T> {
  const response = await fetch(`http://control${path}`, {
    method,
    unix: adminSocket(plan),
    signal: AbortSignal.timeout(10_000),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (response.ok) return answer.parse(await response.json());
  throw new UserError(
    "E_LAB_TAILNET",
    `the control server answered ${method} ${path} with ${response.status}`,
    {
      likely: (await response.text()).trim(),
      mend: `look into the log of the lab "${plan.name}": log/control.log`,
    },
  );
}

function adminSocket(plan: LabPlan): string {
  return join(runDir(plan), "control.sock");
}
