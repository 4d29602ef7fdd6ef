import type { TotemSettings } from "../../src/cluster/totem.ts";
import { type PlacedCell, portAt } from "./fabric.ts";

/** A corosync.conf as Proxmox generates it (corosync.md 16), with the cell's settings and a log with ms. */
export function corosyncConf(cell: PlacedCell): string {
  const { interfaceKeys, totemKeys } = keysOf(cell.totem);
  return [
    "totem {",
    "  version: 2",
    "  config_version: 1",
    `  cluster_name: ${cell.name}`,
    "  ip_version: ipv4-6",
    "  link_mode: passive",
    "  secauth: on",
    ...totemKeys.map((line) => `  ${line}`),
    "  interface {",
    "    linknumber: 0",
    ...interfaceKeys.map((line) => `    ${line}`),
    "  }",
    "}",
    "nodelist {",
    ...cell.ports.flatMap(({ name }, place) => [
      "  node {",
      `    name: ${name}`,
      `    nodeid: ${nodeidAt(cell, place)}`,
      "    quorum_votes: 1",
      `    ring0_addr: ${portAt(cell, place).address}`,
      "  }",
    ]),
    "}",
    "quorum {",
    "  provider: corosync_votequorum",
    "}",
    "logging {",
    "  to_syslog: no",
    // Not to a file: corosync keeps what it writes there in a buffer.
    "  to_stderr: yes",
    "  timestamp: hires",
    "}",
    // There is no machine whose cgroup it could leave.
    "system {",
    "  move_to_cgroup: no",
    "}",
    "",
  ].join("\n");
}

export function nodeidAt({ nodeids }: Pick<PlacedCell, "nodeids">, place: number): number {
  return nodeids?.[place] ?? place + 1;
}

/** Where each key belongs: the ping keys are a link's. */
function keysOf(totem: TotemSettings): { totemKeys: string[]; interfaceKeys: string[] } {
  const line = ([key, value]: [string, unknown]) => `${key}: ${String(value)}`;
  const told = Object.entries(totem).filter(([key, value]) => value !== undefined && !isUnset(key, value));
  const ofLink = ([key]: [string, unknown]) => key.startsWith("knet_") && key !== "knet_mtu";
  return {
    totemKeys: told.filter((entry) => !ofLink(entry)).map(line),
    interfaceKeys: told.filter(ofLink).map(line),
  };
}

/** knet_mtu 0 is how the settings say "none". */
function isUnset(key: string, value: unknown): boolean {
  return key === "knet_mtu" && value === 0;
}
