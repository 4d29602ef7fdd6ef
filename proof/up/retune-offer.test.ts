import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TerminalOn, terminalOn } from "../../test/e2e/terminal-on.ts";
import { describeLab } from "../../test/lab-only.ts";
import { type Stage, setStage } from "./stage.ts";

const UP = "tailmox up --password-file /root/passwords";
const CONF = "cat /etc/corosync/corosync.conf";

/** The first member's timers are for every distance; once there are two, others fit better. */
describeLab("tailmox up at a terminal, when corosync's timers fit no more", () => {
  let stage: Stage;
  let first: string;

  beforeAll(async () => {
    stage = await setStage("proof-up-retune", {
      sites: [{ name: "a" }, { name: "b" }],
      hosts: ["a", "b"].map((site, index) => ({
        name: `pve${index + 1}`,
        site,
        release: index === 0 ? "pve9" : "pve8",
        tailscale: true,
      })),
    });
    await stage.sh("pve1", "ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519");
    const admin = (await stage.sh("pve1", "cat /root/.ssh/id_ed25519.pub")).trim();
    await stage.sh("pve2", `mkdir -p ~/.ssh; echo '${admin}' >> ~/.ssh/authorized_keys`);
    expect((await stage.up("pve1", "--create")).exitCode).toBe(0);
  }, 300_000);
  afterAll(() => stage.close(), 60_000);

  test("offers others after a join, and leaves them to somebody who says No", async () => {
    const terminal = await typed();
    await answer(terminal, "Go on?", "y");
    await answer(terminal, "Look at it now?", "n");
    expect(await terminal.exited).toBe(0);
    expect(terminal.text).toMatch(/tailmox tune would change token_\w+ 10 ->/);
    expect(terminal.text).toContain("Later: tailmox tune");
    first = await stage.sh("pve1", CONF);
    expect(await stage.sh("pve2", CONF)).toBe(first);
  }, 120_000);

  test("takes settings back on all members that nobody wants to keep, and the join stands", async () => {
    const terminal = await retuned("n");
    expect(terminal.text).toContain("!! Corosync's timers:");
    for (const name of ["pve1", "pve2"]) expect(timers(await stage.sh(name, CONF))).toEqual(timers(first));
    expect((await stage.tailmox("pve2", "status")).exitCode).toBe(0);
  }, 180_000);

  test("gives all members those that fit, where somebody agrees to plan and outcome", async () => {
    const terminal = await retuned("y");
    expect(terminal.text).toContain("All members have the new timers.");
    const [here, there] = [await stage.sh("pve1", CONF), await stage.sh("pve2", CONF)];
    expect(here).toBe(there);
    expect(timers(here)).not.toEqual(timers(first));
    const again = await typed();
    expect(await again.exited).toBe(0);
    expect(again.text).toContain("Corosync's timers fit the distances of these hosts.");
  }, 180_000);

  /** Agrees to look and to the plan, and answers whether to keep what came of it. */
  async function retuned(keep: "y" | "n"): Promise<TerminalOn> {
    const terminal = await typed();
    await answer(terminal, "Look at it now?", "y");
    await answer(terminal, /Plan for 2 members[\s\S]*Go on\?/, "y");
    await answer(terminal, "Keep these settings?", keep);
    expect(await terminal.exited).toBe(0);
    return terminal;
  }

  function typed(): Promise<TerminalOn> {
    return terminalOn(stage.plan, stage.host("pve1"), stage.host("pve2"), UP);
  }
});

async function answer(terminal: TerminalOn, question: string | RegExp, key: "y" | "n"): Promise<void> {
  await terminal.until(question);
  terminal.type(key);
}

/** All of corosync.conf but its version. */
function timers(conf: string): string[] {
  return conf.split("\n").filter((line) => !line.includes("config_version"));
}
