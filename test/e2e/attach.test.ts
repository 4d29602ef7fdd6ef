import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { writeHostFile } from "../../lab/machines/files.ts";
import { hostLines } from "../../lab/machines/lines.ts";
import { must } from "../../lab/machines/must.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { scenario } from "../../lab/scenario.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { giveSecrets } from "../../lab/story/give-secrets.ts";
import { labUp } from "../../lab/up.ts";
import { describeLab } from "../lab-only.ts";
import { terminalOn } from "./terminal-on.ts";

const DROP = `table inet nocorosync {
  chain in { type filter hook input priority -10; udp dport 5405 drop; }
  chain out { type filter hook output priority -10; udp dport 5405 drop; }
}
`;

/** One story on one lab: terminals are closed, shells restart, and what was begun ends well all the same. */
describeLab("what changes a host", () => {
  const name = "e2e-attach";
  const wanted = scenario.parse({
    name,
    summary: "three hosts whose administrators come by ssh and by the web shell",
    tailnet: "headscale",
    sites: [{ name: "a" }, { name: "b" }, { name: "c" }],
    hosts: ["a", "b", "c"].map((site, index) => ({
      name: `pve${index + 1}`,
      site,
      release: index === 1 ? "pve8" : "pve9",
      tailscale: true,
    })),
    defaultLink: { rttMs: 10 },
  });
  const plan: LabPlan = planLab(name, wanted);
  const [pve1, pve2, pve3] = plan.hosts as [HostPlan, HostPlan, HostPlan];
  let up: [string, ...string[]];

  beforeAll(async () => {
    await takeDown(plan);
    await labUp(name, wanted);
    up = ["tailmox", "up", ...(await giveSecrets(plan))];
    await must(plan, pve1, "ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519");
    const admin = await must(plan, pve1, ["cat", "/root/.ssh/id_ed25519.pub"]);
    for (const host of plan.hosts) {
      await writeHostFile(plan, host, "/root/nocorosync", DROP, 0o600);
      await must(plan, host, `mkdir -p ~/.ssh; echo '${admin.trim()}' >> ~/.ssh/authorized_keys`);
    }
    expect(await attach(pve1)).toMatchObject({
      exit: 0,
      text: expect.stringContaining("Nothing was changed"),
    });
    expect((await hostExec(plan, pve1, [...up, "--yes", "--create"])).exitCode).toBe(0);
  }, 240_000);

  afterAll(() => takeDown(plan));

  test("is shown to whoever attaches, from its first line, when it has ended long ago", async () => {
    const { exit, text } = await attach(pve1);
    expect({ exit, text }).toMatchObject({ exit: 0, text: expect.stringMatching(/^tailmox up began at/) });
    expect(text).toContain("Host        ok");
    expect(text).toContain('pve1 is the first member of "tailmox"');
    expect(text).toContain("with exit 0");
    expect(await must(plan, pve1, ["stat", "-c", "%a", "/run/tailmox/apply.log"])).toBe("600\n");
    const parsed: unknown = JSON.parse(await must(plan, pve1, ["tailmox", "attach", "--json"]));
    expect(parsed).toMatchObject({ ok: true, result: { command: "tailmox up", end: { status: 0 } } });
  });

  test("stops between two steps at Ctrl-C, and says what is done and how to go on", async () => {
    const terminal = await terminalOn(plan, pve1, pve2, up.join(" "));
    await terminal.until("Go on?");
    terminal.type("y");
    await terminal.until(/Plan for pve2\s*\n[\s\S]*◆ {2}Go on\?/);
    terminal.type("y");
    await terminal.until(/3 of \d {2}\.\. {3}restart pve-cluster/);
    terminal.type("\x03");
    await terminal.until("Stopping after this step");
    expect(await terminal.exited).toBe(3);
    expect(terminal.text).toMatch(
      /Done: log in, corosync after tailscaled, hosts\s+file, restart pve-cluster\./,
    );
    expect(terminal.text).toContain("run the same command again");
    expect((await attach(pve2)).exit).toBe(3);
  }, 60_000);

  test("ends well when the terminal is closed in the middle of a join", async () => {
    await must(plan, pve2, ["nft", "-f", "/root/nocorosync"]);
    const terminal = await terminalOn(plan, pve1, pve2, up.join(" "));
    await terminal.until("Go on?");
    terminal.type("y");
    await untilWaitingForQuorum(pve2);
    const attached = attach(pve2);
    await terminal.drop();
    await must(plan, pve2, ["nft", "delete", "table", "inet", "nocorosync"]);
    const { exit, text } = await attached;
    expect({ exit, text }).toMatchObject({ exit: 0, text: expect.stringMatching(/^tailmox up runs since/) });
    expect(text).toContain("?   Go on?");
    expect(text).toContain("waiting for quorum");
    expect(text).toContain('pve2 is a member of "tailmox"');
    await waitForVotes(plan, [pve1, pve2], { quorate: true, votes: 2 });
  }, 90_000);

  test("takes a question that nobody is there to answer for a No", async () => {
    const terminal = await terminalOn(plan, pve1, pve3, up.join(" "));
    await terminal.until("Go on?");
    terminal.type("y");
    await terminal.until(/1 of \d {2}\.\. {3}log in/);
    await terminal.drop();
    const { exit, text } = await attach(pve3);
    expect({ exit, text }).toMatchObject({ exit: 3, text: expect.stringContaining("E_NOT_AGREED") });
    expect(text).toContain("The terminal is gone: that counts as No.");
    expect((await hostExec(plan, pve3, ["test", "-e", "/etc/pve/corosync.conf"])).exitCode).toBe(1);
  }, 60_000);

  test("outlives the web shell that it was typed into, and is ended by the guard that restores the host", async () => {
    await must(plan, pve3, ["nft", "-f", "/root/nocorosync"]);
    await must(plan, pve3, webShell());
    await untilWaitingForQuorum(pve3);
    const attached = attach(pve3);
    await must(plan, pve3, ["systemctl", "stop", "webshell"]);
    const units = () => must(plan, pve3, "systemctl list-units --no-legend --plain 'tailmox-apply-*'");
    expect(await units()).toMatch(/^tailmox-apply-\d+\.scope +loaded active running/);
    await must(plan, pve3, ["systemctl", "start", "tailmox-guard"]);
    const { exit, text } = await attached;
    expect({ exit, text }).toMatchObject({ exit: 5, text: expect.stringContaining("E_APPLY_KILLED") });
    expect(await units()).toBe("");
    expect((await hostExec(plan, pve3, ["test", "-e", "/etc/pve/corosync.conf"])).exitCode).toBe(1);
  }, 90_000);

  /** A service that has all that is typed into it in its cgroup, as pvedaemon has. */
  function webShell(): [string, ...string[]] {
    const script = ["script", "--quiet", "--return", "--command", [...up, "--yes"].join(" "), "/dev/null"];
    return ["systemd-run", "--quiet", "--collect", "--unit=webshell", ...script];
  }

  async function attach(host: HostPlan): Promise<{ exit: number | null; text: string }> {
    const lines: string[] = [];
    const exit = await hostLines(plan, host, ["tailmox", "attach"], (line) => lines.push(line), {
      timeoutMs: 90_000,
    });
    return { exit, text: lines.join("\n") };
  }

  /** Until the joiner's own /etc/pve is gone. */
  async function untilWaitingForQuorum(host: HostPlan): Promise<void> {
    const argv = ["bash", "-c", "until grep -qs 'waiting for quorum' /run/tailmox/*.out; do sleep 0.2; done"];
    const waited = await hostLines(plan, host, argv, () => undefined, { timeoutMs: 50_000 });
    if (waited !== 0)
      throw new Error(`${host.name} does not join: ${await must(plan, host, "tail /run/tailmox/apply.log")}`);
  }
});
