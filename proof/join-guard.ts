import { bootHost } from "../lab/machines/boot.ts";
import { hostExec } from "../lab/machines/exec.ts";
import { writeHostFile } from "../lab/machines/files.ts";
import { must } from "../lab/machines/must.ts";
import { crashHost } from "../lab/machines/power.ts";
import type { HostPlan, LabPlan } from "../lab/plan.ts";
import { parseScenario } from "../lab/scenarios/load.ts";
import { waitForVotes } from "../lab/story/cut-and-return.ts";
import { giveSecrets } from "../lab/story/give-secrets.ts";
import { tailmoxOn } from "../lab/story/tailmox-on.ts";
import { poll } from "../src/host/deadline.ts";
import { inLab } from "./in-lab.ts";
import type { Proof } from "./run.ts";

const scenario = parseScenario(
  {
    name: "join-guard",
    summary: "a cluster of one, and a joiner that its corosync does not hear",
    tailnet: "headscale",
    sites: [{ name: "a" }, { name: "b" }],
    hosts: [
      { name: "pve1", site: "a", release: "pve9", tailscale: true },
      { name: "pve2", site: "b", release: "pve8", tailscale: true },
    ],
    defaultLink: { rttMs: 50 },
  },
  "join-guard",
);

const DROP = `table inet nocorosync {
  chain in { type filter hook input priority -10; udp dport 5405 drop; }
}
`;

const proof: Proof = {
  summary:
    "the accepting member loses its power in the middle of a join, then the joiner does; the guard's own times; " +
    "in the end both are one cluster",
  prove: (say) => inLab("proof-join-guard", scenario, (plan) => tell(plan, say)),
};

export default proof;

async function tell(plan: LabPlan, say: (line: string) => void): Promise<Record<string, unknown>> {
  const [member, joiner] = plan.hosts;
  if (!member || !joiner) throw new Error("the scenario has two hosts");
  const up = await prepare(plan, say);
  await up(member, ["--create"], 0);
  await writeHostFile(plan, joiner, "/etc/nftables.conf", DROP, 0o644);
  await must(plan, joiner, "systemctl enable --now nftables");
  const before = await digests(plan, joiner);

  say("the member's power goes while the joiner waits for quorum");
  const cut = up(joiner, ["--join-timeout", "20s"], 5);
  await waiting(plan, joiner);
  await crashHost(plan, member);
  const text = await cut;
  if (!text.includes("unknown, it did not answer")) throw new Error("the member's silence was not told");
  await same(plan, joiner, before);
  await bootHost(plan, member);
  // Its web page waits some 80 s for the quorum that it lost with the joiner's entry (proxmox.md 6.5).
  const answers = "until systemctl is-active --quiet pveproxy; do sleep 1; done";
  await must(plan, member, answers, { timeoutMs: 150_000 });

  say("the joiner's power goes in the middle of the next join; its guard has its own time");
  const second = up(joiner, [], null);
  await waiting(plan, joiner);
  await crashHost(plan, joiner);
  await second;
  await bootHost(plan, joiner, undefined, 5_000);
  const restored = await poll(240_000, 1_000, async () =>
    (await hostExec(plan, joiner, ["test", "-e", "/var/lib/tailmox/guard"])).exitCode === 0
      ? undefined
      : true,
  );
  if (!restored) throw new Error("the guard did not act within 240 s of the boot");
  const startedS = Number(await must(plan, joiner, UNTIL_GUARD));
  await same(plan, joiner, before);

  say("the cause is mended");
  await must(plan, joiner, "systemctl disable nftables; nft delete table inet nocorosync");
  const since = performance.now();
  await up(joiner, [], 0);
  const upS = Math.round((performance.now() - since) / 100) / 10;
  await waitForVotes(plan, plan.hosts, { quorate: true, votes: 2 });
  return { guardStartedAfterBootS: startedS, upAfterMendS: upS, files: before.trim().split("\n").length };
}

/** Seconds from the start of systemd to the start of the guard's service, by the journal. */
const UNTIL_GUARD =
  "a=$(systemctl show --property=UserspaceTimestampMonotonic --value); " +
  "b=$(journalctl -b -o json -u tailmox-guard.service | head -1 | jq -r .__MONOTONIC_TIMESTAMP); " +
  "echo $(( (b - a) / 1000000 ))";

async function prepare(plan: LabPlan, say: (line: string) => void) {
  const flags = await giveSecrets(plan);
  /** Throws unless it ends as wanted; null: however. */
  return async (host: HostPlan, more: readonly string[], wanted: number | null): Promise<string> => {
    const lines: string[] = [];
    const argv = ["up", "--yes", ...flags, ...more];
    const exitCode = await tailmoxOn(plan, host, argv, (line) => lines.push(line));
    for (const line of lines) say(line);
    if (wanted !== null && exitCode !== wanted) throw new Error(`tailmox up ended with ${exitCode}`);
    return lines.join("\n");
  };
}

async function waiting(plan: LabPlan, host: HostPlan): Promise<void> {
  await must(plan, host, "until grep -qs 'waiting for quorum' /run/tailmox/*.out; do sleep 0.3; done");
}

function digests(plan: LabPlan, host: HostPlan): Promise<string> {
  return must(plan, host, "find /etc/pve -type f ! -name '.*' | sort | xargs sha256sum");
}

async function same(plan: LabPlan, host: HostPlan, before: string): Promise<void> {
  if ((await digests(plan, host)) !== before) throw new Error(`/etc/pve of ${host.name} is not as it was`);
}
