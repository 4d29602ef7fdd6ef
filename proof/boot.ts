import { bootHost } from "../lab/machines/boot.ts";
import { hostExec } from "../lab/machines/exec.ts";
import { writeHostFile } from "../lab/machines/files.ts";
import { must } from "../lab/machines/must.ts";
import { crashHost } from "../lab/machines/power.ts";
import type { HostPlan, LabPlan } from "../lab/plan.ts";
import { loadScenario } from "../lab/scenarios/load.ts";
import { clusterHosts } from "../lab/story/cluster-hosts.ts";
import { waitForVotes } from "../lab/story/cut-and-return.ts";
import { startControl, stopControl } from "../lab/tailnet/control.ts";
import { poll } from "../src/host/deadline.ts";
import { inLab } from "./in-lab.ts";
import type { Proof } from "./run.ts";

/** What an administrator has to have back after a boot without control server, in seconds. */
const LONGEST_S = 180;

const proof: Proof = {
  summary:
    "all hosts of a cluster of three lose their power at once: web page and guests come up; " +
    "one host boots while the control server is away: ssh and web page within 3 minutes; " +
    "Tailscale is upgraded on one host after the other",
  async prove(say) {
    return inLab("proof-boot", await loadScenario("demo"), async (plan) => {
      await clusterHosts(plan, { chapter: say, line: say });
      for (const host of plan.hosts) await giveGuest(plan, host);
      return {
        allAtOnce: await allAtOnce(plan, say),
        upgrade: await upgradeTailscale(plan, say),
        withoutControl: await withoutControl(plan, say),
      };
    });
  },
};

export default proof;

/** Seconds from the start of a host's systemd until each thing was there. */
interface Times {
  readonly ssh: number;
  readonly web: number;
  readonly guest: number | undefined;
}

async function allAtOnce(plan: LabPlan, say: (line: string) => void): Promise<Record<string, Times>> {
  say("the power of all three hosts goes at once, and comes back");
  await Promise.all(plan.hosts.map((host) => crashHost(plan, host)));
  await Promise.all(plan.hosts.map((host) => bootHost(plan, host, undefined, 5_000)));
  await waitForVotes(plan, plan.hosts, { quorate: true, votes: plan.hosts.length });
  const times = await Promise.all(plan.hosts.map((host) => timesOf(plan, host, { guest: true })));
  return named(plan.hosts, times, say);
}

async function withoutControl(plan: LabPlan, say: (line: string) => void): Promise<Record<string, unknown>> {
  const [host] = plan.hosts.slice(-1);
  if (!host) throw new Error("the scenario has three hosts");
  say(`the control server is away; the power of ${host.name} goes and comes back`);
  await stopControl(plan);
  await crashHost(plan, host);
  await bootHost(plan, host, undefined, 5_000);
  const alone = await timesOf(plan, host, { guest: false });
  const quorate = await poll(30_000, 1_000, async () => {
    const { stdout } = await hostExec(plan, host, ["corosync-quorumtool", "-s"], { timeoutMs: 10_000 });
    return /^Quorate:\s+Yes/m.test(stdout) || undefined;
  });
  named([host], [alone], say);
  if (Math.max(alone.ssh, alone.web) > LONGEST_S) throw new Error(`not within ${LONGEST_S} s`);
  say("the control server is back");
  const since = performance.now();
  await startControl(plan);
  await waitForVotes(plan, plan.hosts, { quorate: true, votes: plan.hosts.length });
  const quorumS = rounded((performance.now() - since) / 1000);
  await timesOf(plan, host, { guest: true });
  const guestS = rounded((performance.now() - since) / 1000);
  say(`${quorumS} s later the cluster is whole, ${guestS} s later the guest runs`);
  return {
    host: host.name,
    ...alone,
    quorate: quorate === true,
    afterItsReturn: { whole: quorumS, guest: guestS },
  };
}

/** As `apt-get upgrade` does it: the package restarts the service. A writer elsewhere tells what it costs. */
async function upgradeTailscale(
  plan: LabPlan,
  say: (line: string) => void,
): Promise<Record<string, unknown>> {
  const [writer, ...others] = plan.hosts;
  if (!writer) throw new Error("the scenario has three hosts");
  say("Tailscale is reinstalled on one host after the other, while the first one writes to /etc/pve");
  const before = await changesSeen(plan, writer);
  const writing = must(plan, writer, WRITE_60_S, { timeoutMs: 90_000 });
  for (const host of others) {
    await Bun.sleep(8_000);
    await must(plan, host, "DEBIAN_FRONTEND=noninteractive apt-get install -y --reinstall tailscale");
  }
  const [writes, longestMs] = (await writing).trim().split(" ").map(Number);
  const membershipChanges = (await changesSeen(plan, writer)) - before;
  say(`${writes} writes, the longest took ${longestMs} ms; ${membershipChanges} membership changes`);
  return { hosts: others.map(({ name }) => name), writes, longestMs, membershipChanges };
}

async function changesSeen(plan: LabPlan, host: HostPlan): Promise<number> {
  const count =
    "journalctl --sync; journalctl -b --no-pager -u corosync | grep -c 'A new membership' || true";
  return Number(await must(plan, host, count));
}

/** How many writes in 60 s, and the longest in ms. */
const WRITE_60_S = `end=$(($(date +%s) + 60)); n=0; max=0
while [ $(date +%s) -lt $end ]; do
  a=$(date +%s%3N); echo $a > /etc/pve/proof-write || exit 1; b=$(($(date +%s%3N) - a))
  n=$((n + 1)); [ $b -gt $max ] && max=$b; sleep 0.2
done
rm /etc/pve/proof-write; echo $n $max`;

/** Waits until all of it is there, for 240 s at most, and gives when it came. */
async function timesOf(plan: LabPlan, host: HostPlan, { guest }: { guest: boolean }): Promise<Times> {
  const came = await poll(240_000, 1_000, async () => {
    const [ssh, web, guests] = await Promise.all(
      ["ssh", "pveproxy", "guest-100"].map((unit) => activeSince(plan, host, unit)),
    );
    const answers = ssh !== undefined && web !== undefined && (await webAnswers(plan, host));
    return answers && (!guest || guests !== undefined) ? { ssh, web, guest: guests } : undefined;
  });
  if (came) return came;
  throw new Error(`${host.name} has not everything 240 s after its boot`);
}

async function activeSince(plan: LabPlan, host: HostPlan, unit: string): Promise<number | undefined> {
  const show = (properties: string, ...of: string[]) =>
    hostExec(plan, host, ["systemctl", "show", "--value", `--property=${properties}`, ...of]);
  const [manager, service] = await Promise.all([
    show("UserspaceTimestampMonotonic"),
    show("ActiveEnterTimestampMonotonic", `${unit}.service`),
  ]);
  const since = Number(service.stdout.trim());
  return since > 0 ? rounded((since - Number(manager.stdout.trim())) / 1e6) : undefined;
}

async function webAnswers(plan: LabPlan, host: HostPlan): Promise<boolean> {
  const argv = ["curl", "-sk", "--max-time", "5", "https://127.0.0.1:8006/"] as const;
  const { stdout } = await hostExec(plan, host, argv);
  return stdout.includes("Proxmox");
}

function named(
  hosts: readonly HostPlan[],
  times: readonly Times[],
  say: (line: string) => void,
): Record<string, Times> {
  const all = hosts.flatMap((host, index): [string, Times][] => {
    const found = times[index];
    return found ? [[host.name, found]] : [];
  });
  for (const [host, { ssh, web, guest }] of all) {
    say(`${host}: ssh after ${ssh} s, web page ${web} s${guest === undefined ? "" : `, guest ${guest} s`}`);
  }
  return Object.fromEntries(all);
}

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

/** A guest that starts at boot. Not by Proxmox's own programs: by a unit that waits for what theirs waits for. */
async function giveGuest(plan: LabPlan, host: HostPlan): Promise<void> {
  const id = 100 + plan.hosts.indexOf(host);
  await writeHostFile(plan, host, "/usr/local/sbin/start-guests", START_GUESTS, 0o755);
  await writeHostFile(plan, host, "/etc/systemd/system/pve-guests.service", PVE_GUESTS, 0o644);
  const guest = `printf 'name: guest\\nonboot: 1\\n' > /etc/pve/qemu-server/${id}.conf`;
  await must(plan, host, `${guest} && systemctl enable pve-guests && sync`);
}

/** Ordered as Proxmox's unit of this name; its program, too, waits for quorum and has no deadline. */
const PVE_GUESTS = `[Unit]
Description=PVE guests
Wants=pvestatd.service pveproxy.service
After=pveproxy.service pvestatd.service corosync.service

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=infinity
ExecStart=/usr/local/sbin/start-guests

[Install]
WantedBy=multi-user.target
`;

const START_GUESTS = `#!/bin/sh
until [ "$(stat -c %A /etc/pve/local | cut -c3)" = w ]; do sleep 1; done
for conf in $(grep -lx 'onboot: 1' /etc/pve/local/qemu-server/*.conf); do
  systemd-run --quiet --unit=guest-100 sleep infinity
done
`;
