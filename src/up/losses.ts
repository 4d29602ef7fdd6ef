import type { Decision } from "../cluster/decide.ts";
import type { Peer } from "../cluster/facts.ts";
import { keyLines } from "../guard/finish.ts";
import { BACKUPS } from "../guard/places.ts";
import type { Host } from "../host/host.ts";
import { readOwnConfig } from "../proxmox/own-config.ts";

/** What a host gives up by this decision, in plain words, by name; below its plan. */
export async function lossesOf(host: Host, decision: Decision): Promise<string[]> {
  if (decision.kind === "create") return [...decision.without.map(passedOver), MEMBERSHIP];
  if (decision.kind !== "join") return [];
  const own = await readOwnConfig(host);
  const keys = keyLines((await host.text("/root/.ssh/authorized_keys")) ?? "").map(keyName);
  return [
    `What this host gives up: its /etc/pve is replaced by that of "${decision.cluster.name}" ` +
      `(saved in ${BACKUPS}; docs/guard.md#restore):`,
    ...(own.length > 0 ? own : ["nothing but what every installation has"]).map((words) => `  ${words}`),
    ...(keys.length > 0 ? [`root's authorized keys go with it into the cluster: ${keys.join(", ")}`] : []),
    MEMBERSHIP,
  ];
}

const MEMBERSHIP =
  'Root login by ssh becomes "yes". Cut off from the majority of the cluster, /etc/pve is read-only, and ' +
  "guests do not start after a reboot.";

function passedOver({ name, address, verdict, obstacles }: Peer): string {
  const seen = (verdict.kind === "unknown" ? verdict.tried : obstacles.map(({ what }) => what)).map((words) =>
    // ssh ends its sentence.
    words.replace(/\.$/, ""),
  );
  return (
    `Without ${name} (${address}), as you say: ${seen.join("; ")}. If it is in a cluster already, ` +
    "there are two then."
  );
}

/** What people know a key by: its comment, else its type and end. */
function keyName(line: string): string {
  const [, type = "", key = "", comment = ""] = /((?:ssh|ecdsa|sk)-\S+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
  return comment || `${type} ...${key.slice(-8)}`;
}
