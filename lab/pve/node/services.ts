import { run } from "../../../src/host/run.ts";
import type { Params } from "../params/verify.ts";
import { taskCommand } from "../tasks/commands.ts";
import type { TaskOutput } from "../tasks/task.ts";
import type { PveNode } from "./pve-node.ts";

/** The units that the API knows, with the unit's own name where it differs (pve-manager, API2/Services.pm). */
export const SERVICES: Readonly<Record<string, string>> = {
  corosync: "corosync",
  cron: "cron",
  "pve-cluster": "pve-cluster",
  pvedaemon: "pvedaemon",
  pveproxy: "pveproxy",
  pvestatd: "pvestatd",
  sshd: "ssh",
  "systemd-journald": "systemd-journald",
};

export interface ServiceState {
  readonly service: string;
  readonly name: string;
  readonly desc: string;
  readonly state: string;
  readonly "active-state": string;
  readonly "unit-state": string;
}

/** What systemd says of a service. */
export async function serviceState(service: string): Promise<ServiceState> {
  const shown = await run([
    "systemctl",
    "show",
    `${SERVICES[service] ?? service}.service`,
    "--property=Description,SubState,ActiveState,UnitFileState,LoadState",
  ]);
  const values = Object.fromEntries(
    shown.stdout.split("\n").map((line): [string, string] => {
      const equals = line.indexOf("=");
      return [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
  return {
    service,
    name: service,
    desc: values.Description ?? service,
    state: values.SubState || "unknown",
    "active-state": values.ActiveState || "unknown",
    "unit-state": values.LoadState === "not-found" ? "not-found" : values.UnitFileState || "unknown",
  };
}

/** The work of a task that starts, stops, restarts or reloads a service. */
export function serviceCommand(
  verb: "start" | "stop" | "restart" | "reload-or-restart",
): (node: PveNode, params: Params, output: TaskOutput) => Promise<void> {
  return async (_node, params, output) => {
    const unit = SERVICES[String(params.service)] ?? String(params.service);
    await taskCommand(output, ["systemctl", verb, unit]);
  };
}
