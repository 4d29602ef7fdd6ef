import { afterAll, beforeAll, expect, test } from "bun:test";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { describeLab } from "../../test/lab-only.ts";
import { type Said, type Stage, setStage } from "./stage.ts";

const PLACES = ["a", "b", "c", "d", "e"];

describeLab("five fresh hosts that run tailmox up at the same moment", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-crowd", {
      sites: PLACES.map((name) => ({ name })),
      hosts: PLACES.map((site, index) => ({
        name: `pve${index + 1}`,
        site,
        release: index % 2 === 0 ? ("pve9" as const) : ("pve8" as const),
        tailscale: true,
      })),
    });
  }, 400_000);
  afterAll(() => stage.close(), 60_000);

  test("become one cluster with the passwords of all", async () => {
    const runs = await allUp(names(), "4m", "--password-file", "/root/passwords");
    await expectWhole(runs);
  }, 400_000);

  test("elect one founder without any password, and the others say what to type there to be let in", async () => {
    await stage.back();
    const all = await allUp(names(), "1m");
    const founders = all.filter(({ text }) => text.includes("is the first member"));
    expect(founders.map(({ name, exitCode }) => [name, exitCode])).toEqual([["pve1", 0]]);
    for (const { exitCode, text } of all.slice(1)) {
      // Whoever looked when the founder's run had ended already knows nothing of its cluster.
      expect(text).toMatch(/type tailmox admit on (pve1\.|a member; where [^;]*pve1[^;]* is in no cluster)/);
      expect(text).toMatch(/Mend:.* tailmox admit on .*E_(NO_SHELL|PEER_UNKNOWN), exit 4/);
      expect(exitCode).toBe(4);
    }
    await waitForVotes(stage.plan, [stage.host("pve1")], { quorate: true, votes: 1 });
  }, 300_000);

  test("become one cluster when somebody on the founder lets in one after the other", async () => {
    const others = names().slice(1);
    const joining = allUp(others, "4m");
    for (const name of others) {
      const admitted = await stage.tailmox("pve1", "admit", "--peer", name, "--yes", "--wait", "4m");
      expect(admitted.exitCode).toBe(0);
    }
    await expectWhole(await joining);
    expect(await stage.sh("pve1", "cat /etc/pve/priv/authorized_keys")).not.toContain("tailmox admit-");
  }, 400_000);

  function names(): string[] {
    return stage.plan.hosts.map(({ name }) => name);
  }

  async function allUp(hosts: readonly string[], wait: string, ...more: string[]): Promise<Run[]> {
    const runs = await Promise.all(
      hosts.map(async (name) => {
        const since = performance.now();
        const said = await stage.tailmox(name, "up", "--yes", "--web", "none", "--wait", wait, ...more);
        return { name, ...said, seconds: Math.round((performance.now() - since) / 1000) };
      }),
    );
    for (const { name, exitCode, seconds } of runs) console.log(`== ${name}: ${exitCode}, ${seconds} s`);
    return runs;
  }

  async function expectWhole(runs: readonly Run[]): Promise<void> {
    expect(runs.filter(({ exitCode }) => exitCode !== 0).map(({ name }) => name)).toEqual([]);
    await waitForVotes(stage.plan, stage.plan.hosts, { quorate: true, votes: 5 });
    const again = await allUp(names(), "1m");
    expect(again.filter(({ text }) => !text.includes("Nothing to do")).map(({ name }) => name)).toEqual([]);
  }
});

interface Run extends Said {
  readonly name: string;
  readonly seconds: number;
}
