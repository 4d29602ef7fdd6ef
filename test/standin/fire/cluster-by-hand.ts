import { randomBytes } from "node:crypto";
import { hostExec } from "../../../lab/machines/exec.ts";
import { must } from "../../../lab/machines/must.ts";
import type { HostPlan, LabPlan } from "../../../lab/plan.ts";

/**
 * Makes one cluster of all hosts of a lab without Proxmox's tools: corosync's files on each, and a database
 * that is made anew from them (proxmox.md 2, start-up import). Corosync runs over the lab's internet.
 */
export async function clusterByHand(plan: LabPlan, totem: readonly string[] = []): Promise<void> {
  const config = corosyncConf(plan.hosts, totem);
  const key = randomBytes(256).toString("base64");
  await Promise.all(
    plan.hosts.map(async (host) => {
      await must(plan, host, PREPARE, { input: key });
      await must(plan, host, "cat >/etc/corosync/corosync.conf", { input: config });
      // Else the next power cut takes the key away.
      await must(plan, host, "sync /etc/corosync/* && systemctl start corosync pve-cluster");
    }),
  );
  await untilAllOnline(plan, plan.hosts, 90_000);
}

/** Waits until each of these hosts lists all of them as online, and is quorate. */
export async function untilAllOnline(
  plan: LabPlan,
  hosts: readonly HostPlan[],
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  await Promise.all(
    hosts.map(async (host) => {
      for (;;) {
        const said = await membersOf(plan, host);
        if (hosts.every(({ name }) => said.online.includes(name)) && said.quorate) return;
        if (Date.now() > deadline) {
          throw new Error(`${host.name} is not back after ${timeoutMs} ms: ${JSON.stringify(said)}`);
        }
        await Bun.sleep(500);
      }
    }),
  );
}

const PREPARE = `set -e
systemctl stop pve-cluster
rm -f /var/lib/pve-cluster/config.db*
mkdir -p /etc/corosync
(umask 077; base64 -d >/etc/corosync/authkey)`;

function corosyncConf(hosts: readonly HostPlan[], totem: readonly string[]): string {
  const node = (host: HostPlan, index: number) => `  node {
    name: ${host.name}
    nodeid: ${index + 1}
    quorum_votes: 1
    ring0_addr: ${host.wan?.address ?? host.lan.address}
  }
`;
  return `logging {
  debug: off
  to_syslog: yes
}

nodelist {
${hosts.map(node).join("")}}

quorum {
  provider: corosync_votequorum
}

totem {
  cluster_name: fire
  config_version: 1
  interface {
    linknumber: 0
  }
  ip_version: ipv4-6
  link_mode: passive
  secauth: on
${totem.map((line) => `  ${line}\n`).join("")}  token_coefficient: 125
  version: 2
}
`;
}

interface Members {
  readonly quorate: boolean;
  readonly online: readonly string[];
}

async function membersOf(plan: LabPlan, host: HostPlan): Promise<Members> {
  const { stdout } = await hostExec(plan, host, ["cat", "/etc/pve/.members"], { timeoutMs: 30_000 });
  const online = [...stdout.matchAll(/"(\S+)": \{ "id": \d+, "online": 1/g)].map(([, name]) => name ?? "");
  return { quorate: /"quorate": 1/.test(stdout), online };
}
