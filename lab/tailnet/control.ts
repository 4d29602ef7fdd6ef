import { runOk } from "../../src/host/run.ts";
import type { LabPlan } from "../plan.ts";
import { stopDaemon } from "../processes.ts";
import { startHeadscale } from "./headscale.ts";
import { startHosted } from "./hosted.ts";
import { stopInternet } from "./internet.ts";

/**
 * Starts the control server that the scenario asks for, with DERP and STUN, in the namespace of its role, and
 * waits until it answers; nothing for tailnet "none". Both kinds keep their tailnet over a restart, in
 * `tailnetDir`. Throws E_LAB_TAILNET when it does not come up.
 */
export async function startControl(plan: LabPlan): Promise<void> {
  if (plan.scenario.tailnet === "none") return;
  await runOk(["ip", "-n", plan.control.namespace, "link", "set", "lo", "up"]);
  await (plan.scenario.tailnet === "headscale" ? startHeadscale(plan) : startHosted(plan));
}

/** Stops the control server alone: "Tailscale is down". */
export async function stopControl(plan: LabPlan): Promise<void> {
  await stopDaemon(plan, "control");
}

/** Stops everything that `startInternet` and `startControl` started. */
export async function stopTailnet(plan: LabPlan): Promise<void> {
  await Promise.all([stopControl(plan), stopInternet(plan)]);
}
