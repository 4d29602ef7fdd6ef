import { afterEach, expect, test } from "bun:test";
import { cutPair, cutRole, heal } from "../../lab/fabric/relay-control.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { describeLab } from "../../test/lab-only.ts";
import { type Stage, setStage } from "./stage.ts";

/** What lies between the hosts, and what `up` makes of it. */
describeLab("tailmox up", () => {
  let stage: Stage;
  afterEach(() => stage.close(), 60_000);

  test("clusters two hosts behind one router with a rented one", async () => {
    stage = await setStage("proof-nat", {
      sites: [{ name: "home", nat: true }, { name: "rented" }],
      hosts: [
        { name: "pve1", site: "home", release: "pve9", tailscale: true },
        { name: "pve2", site: "home", release: "pve8", tailscale: true },
        { name: "pve3", site: "rented", release: "pve9", tailscale: true },
      ],
    });
    await allJoin();
  }, 400_000);

  test("clusters over a relay where no direct path exists, and says that it is one", async () => {
    stage = await setStage("proof-derp", {
      sites: [
        { name: "home", nat: true, natPorts: "random" },
        { name: "parents", nat: true, natPorts: "random" },
      ],
      hosts: [
        { name: "pve1", site: "home", release: "pve9", tailscale: true },
        { name: "pve2", site: "parents", release: "pve9", tailscale: true },
      ],
    });
    const texts = await allJoin();
    expect(texts.at(-1)).toContain("DERP");
  }, 400_000);

  test("goes on while the control server is away, since the hosts know each other already", async () => {
    stage = await setStage("proof-control-away");
    expect((await stage.up("pve1", "--create")).exitCode).toBe(0);
    await cutRole(stage.plan, "control");
    expect((await stage.up("pve2")).exitCode).toBe(0);
    await heal(stage.plan);
    expect((await stage.up("pve3")).exitCode).toBe(0);
    await waitForVotes(stage.plan, stage.plan.hosts, { quorate: true, votes: 3 });
  }, 400_000);

  test("does not join where one pair of hosts cannot reach each other at all", async () => {
    stage = await setStage("proof-dead-pair");
    expect((await stage.up("pve1", "--create")).exitCode).toBe(0);
    expect((await stage.up("pve2")).exitCode).toBe(0);
    await cutPair(stage.plan, "pve2", "pve3");
    await stage.sh(
      "pve3",
      "tailscale debug derp-map >/dev/null; nft add table inet lost; nft add chain inet lost out '{ type filter hook output priority 0; }'; nft add rule inet lost out ip daddr $(tailscale ip -4 pve2) drop",
    );
    const said = await stage.up("pve3");
    expect(said.exitCode).toBe(4);
    expect(said.text).toContain("pve2");
    await waitForVotes(stage.plan, [stage.host("pve1"), stage.host("pve2")], { quorate: true, votes: 2 });
  }, 400_000);

  async function allJoin(): Promise<string[]> {
    const texts: string[] = [];
    for (const [index, { name }] of stage.plan.hosts.entries()) {
      const said = await stage.up(name, ...(index === 0 ? ["--create"] : []));
      expect(said.exitCode).toBe(0);
      texts.push(said.text);
    }
    const { hosts } = stage.plan;
    await waitForVotes(stage.plan, hosts, { quorate: true, votes: hosts.length });
    return texts;
  }
});
