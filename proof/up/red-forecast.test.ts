import { afterAll, beforeAll, expect, test } from "bun:test";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { describeLab } from "../../test/lab-only.ts";
import { everyFile } from "./every-file.ts";
import { type Stage, setStage } from "./stage.ts";

/** A cluster with the timers of Proxmox VE 8, made by hand, and a host whose packets get lost on their way there. */
describeLab("tailmox up, where the forecast of the join is red,", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-red", {
      sites: [{ name: "a" }, { name: "b" }],
      hosts: [
        { name: "pve1", site: "a", release: "pve8", tailscale: true },
        { name: "pve2", site: "b", release: "pve8", tailscale: true },
      ],
      defaultLink: { rttMs: 100 },
    });
    await stage.sh("pve1", "pvecm create office --link0 address=$(tailscale ip -4)");
    await waitForVotes(stage.plan, [stage.host("pve1")], { quorate: true, votes: 1 });
    // Each tenth, and not one by chance: of 20 echoes two are lost in every run, and of corosync's packets as many.
    const tenth = "numgen inc mod 10 == 0 drop";
    const rules = ["icmp type echo-request", "meta l4proto udp"].map(
      (what) => `oifname tailscale0 ${what} ${tenth};`,
    );
    const table = `table inet lossy { chain out { type filter hook output priority 0; ${rules.join(" ")} }; }`;
    await stage.sh("pve2", `nft '${table}'`);
  }, 300_000);
  afterAll(() => stage.close(), 60_000);

  test("does not join, says how to mend it, and changes nothing on either side", async () => {
    const both = () =>
      Promise.all(
        ["pve1", "pve2"].map((name) => everyFile(stage, name, { besides: ["/var/log/tailmox.log"] })),
      );
    const before = await both();
    const said = await stage.up("pve2");
    expect(said.text).toContain("this needs your word for a risk by name: forecast-red");
    expect(said.text).toMatch(/Forecast for 2 hosts: red: [\d.]+ membership changes an hour/);
    expect(said.text).toMatch(/tailmox tune right after the join: with its timers it would be (green|amber)/);
    expect(said.text).toContain("E_RISK, exit 3");
    expect(said.exitCode).toBe(3);
    expect(await both()).toEqual(before);
  }, 120_000);

  test("joins when that risk is accepted by its name, and says in the plan what will come of it", async () => {
    const said = await stage.up("pve2", "--accept-risk", "forecast-red");
    expect(said.text).toMatch(/Forecast for 2 hosts: red/);
    expect(said.exitCode).toBe(0);
    await stage.sh("pve2", "nft delete table inet lossy");
    await waitForVotes(stage.plan, stage.plan.hosts, { quorate: true, votes: 2 });
  }, 200_000);
});
