import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../../lab/down.ts";
import { cutPair, cutRole, heal } from "../../../lab/fabric/relay-control.ts";
import { hostExec } from "../../../lab/machines/exec.ts";
import { must } from "../../../lab/machines/must.ts";
import { pingFrom } from "../../../lab/measure.ts";
import type { HostPlan, LabPlan } from "../../../lab/plan.ts";
import { createAuthKey } from "../../../lab/tailnet/auth-key.ts";
import { installTailscale } from "../../../lab/tailnet/install.ts";
import { loginServer } from "../../../lab/tailnet/login-server.ts";
import { deleteNode, tailnetNodes } from "../../../lab/tailnet/nodes.ts";
import { readPolicy, setPolicy } from "../../../lab/tailnet/policy.ts";
import { tailscaleVersion } from "../../../lab/tailnet/programs.ts";
import { describeLab } from "../../lab-only.ts";
import {
  addressOf,
  hostsOf,
  logIn,
  PAIR_RTT_MS,
  startTailnetLab,
  statusWhen,
  tailnetPlan,
} from "./tailnet-lab.ts";

describeLab("a lab with headscale and a host behind NAT", () => {
  const plan = tailnetPlan("headscale", true);
  const [pve1, pve2] = hostsOf(plan);

  beforeAll(() => startTailnetLab(plan));
  afterAll(() => takeDown(plan));

  test("the vendor answers by HTTPS with a certificate that hosts trust, and by HTTP with the way there", async () => {
    const answer = await must(plan, pve1, ["curl", "-sSI", "https://pkgs.tailscale.com/stable/"]);
    expect(answer).toContain("200");
    expect(await must(plan, pve1, ["curl", "-sSI", "http://pkgs.tailscale.com/stable/"])).toContain(
      "https://pkgs.tailscale.com/stable/",
    );
  });

  test("a name that the lab does not have does not exist, and that is told at once", async () => {
    const result = await hostExec(plan, pve1, ["curl", "-sS", "https://controlplane.tailscale.com/"]);
    expect(result.exitCode).toBe(6);
    expect(result.durationMs).toBeLessThan(3_000);
  });

  test("nothing outside of the repository is served", async () => {
    for (const path of [
      "/stable/debian/dists/nosuch/Release",
      "/stable/%2e%2e/%2e%2e/ca/authority/key.pem",
    ]) {
      const url = `https://pkgs.tailscale.com${path}`;
      const code = await must(plan, pve1, [
        ...["curl", "-sS", "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}", url],
      ] as [string, ...string[]]);
      expect(code).toBe("404");
    }
  });

  test("apt installs Tailscale from the signed repository on bookworm and on trixie, and systemd starts it", async () => {
    await Promise.all(plan.hosts.map((host) => installTailscale(plan, host)));
    for (const host of plan.hosts) {
      const version = await must(plan, host, ["tailscale", "version", "--daemon", "--json"]);
      expect(JSON.parse(version)).toMatchObject({
        majorMinorPatch: await tailscaleVersion(),
        daemonLong: await tailscaleVersion(),
      });
      expect(await must(plan, host, ["systemctl", "is-active", "tailscaled"])).toBe("active\n");
      expect(await must(plan, host, ["systemctl", "is-enabled", "tailscaled"])).toBe("enabled\n");
      expect(await must(plan, host, ["systemctl", "cat", "tailscale-online.target"])).toContain("[Unit]");
      expect(await statusWhen(plan, host, () => true)).toMatchObject({
        BackendState: "NeedsLogin",
        TUN: true,
      });
    }
  });

  test("apt refuses the repository when its signature is not by the installed key", async () => {
    const keyring = "/usr/share/keyrings/tailscale-archive-keyring.gpg";
    const debian = "/usr/share/keyrings/debian-archive-keyring.gpg";
    for (const host of plan.hosts) {
      await must(plan, host, ["cp", keyring, "/root/keyring"]);
      await must(plan, host, ["cp", debian, keyring]);
      await must(plan, host, ["rm", "-r", "/var/lib/apt/lists"]);
      const update = await hostExec(plan, host, [
        ...["apt-get", "update", "-eany", "-o", "Dir::Etc::sourceparts=-"],
        ...["-o", "Dir::Etc::sourcelist=sources.list.d/tailscale.list"],
      ] as [string, ...string[]]);
      expect(update.exitCode).toBe(100);
      expect(update.stderr).toContain("is not signed");
      await must(plan, host, ["cp", "/root/keyring", keyring]);
      await installTailscale(plan, host);
    }
  });

  test("a key for one use lets one host in, and a spent or expired key nobody", async () => {
    const once = await createAuthKey(plan, { reusable: false });
    expect(await logIn(plan, pve1, once)).toMatchObject({ exitCode: 0 });
    for (const key of [once, await createAuthKey(plan, { expired: true })]) {
      const refused = await logIn(plan, pve2, key);
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain("backend error: authkey");
    }
  });

  test("a host that logs in by key is tagged by it, and its node key does not expire", async () => {
    expect(await logIn(plan, pve2, await createAuthKey(plan))).toMatchObject({ exitCode: 0 });
    const { Self } = await statusWhen(plan, pve1, ({ Peer }) => Object.keys(Peer ?? {}).length === 1);
    expect(Self.Tags).toEqual(["tag:tailmox"]);
    expect(Self.KeyExpiry).toBeUndefined();
    expect(Self.DNSName).toBe("pve1.ts.test.");
  });

  test("two hosts see each other online, and reach each other directly with the fabric's round trip", async () => {
    for (const host of plan.hosts) {
      await statusWhen(plan, host, ({ Peer }) => Object.values(Peer ?? {}).some((peer) => peer.Online));
    }
    const address = await addressOf(plan, pve2);
    const pong = await must(plan, pve1, ["tailscale", "ping", "-c", "10", address]);
    // Through the router's hole, made by the host itself: the port is the router's to choose.
    const router = plan.sites.find((site) => site.name === "b")?.wan?.address ?? "none";
    expect(pong).toMatch(new RegExp(`pong from pve2 .* via ${RegExp.escape(router)}:\\d+ in \\d+ms`));
    const { medianMs } = await pingFrom(pve1.namespace, address);
    expect(medianMs).toBeGreaterThan(PAIR_RTT_MS - 1);
    expect(medianMs).toBeLessThan(PAIR_RTT_MS + 5);
  });

  test("a port that the policy allows is refused at once by a host without listener, another one is silence", async () => {
    const address = await addressOf(plan, pve2);
    expect(await connect(plan, pve1, address, 3128)).toBe("refused");
    expect(await connect(plan, pve1, address, 9999)).toBe("silence");
  });

  test("a changed policy is in force within seconds, and is given back with its comments", async () => {
    const before = await readPolicy(plan);
    expect(before).toContain("// SSH: pvecm add");
    await setPolicy(plan, before.replace('"tcp:3128",', '"tcp:9999",'));
    const address = await addressOf(plan, pve2);
    const deadline = Date.now() + 10_000;
    while ((await connect(plan, pve1, address, 9999)) !== "refused") {
      expect(Date.now()).toBeLessThan(deadline);
    }
    expect(await connect(plan, pve1, address, 3128)).toBe("silence");
    await setPolicy(plan, before);
  });

  test("a policy that headscale does not understand is refused with its words", async () => {
    const broken = '{ "autoApprovers": { "services": {} } }';
    await expect(setPolicy(plan, broken)).rejects.toMatchObject({ code: "E_COMMAND_FAILED" });
    expect(await readPolicy(plan)).toContain("tag:tailmox");
  });

  test("with the direct way cut, hosts reach each other through the relay on the control server", async () => {
    const address = await addressOf(plan, pve2);
    await cutPair(plan, "pve1", "pve2");
    try {
      const argv = [
        "tailscale",
        "ping",
        "-c",
        "4",
        "--timeout",
        "4s",
        "--until-direct=false",
        address,
      ] as const;
      const pong = await hostExec(plan, pve1, argv, { timeoutMs: 40_000 });
      expect(pong.stdout).toContain("via DERP(lab)");
    } finally {
      await heal(plan);
    }
    await must(plan, pve1, ["tailscale", "ping", "-c", "30", address]);
    // Each end finds its own way: the answers would still go through the relay.
    await must(plan, pve2, ["tailscale", "ping", "-c", "30", await addressOf(plan, pve1)]);
  });

  test("with the control server cut, hosts still reach each other, and nobody can log in", async () => {
    const address = await addressOf(plan, pve2);
    await cutRole(plan, "control");
    try {
      expect((await pingFrom(pve1.namespace, address)).received).toBeGreaterThan(7);
      await must(plan, pve2, ["tailscale", "down"]);
      const up = await hostExec(plan, pve2, [
        ...["tailscale", "up", "--login-server", loginServer(plan), "--accept-dns=false"],
        ...["--force-reauth", "--timeout=3s"],
      ] as [string, ...string[]]);
      expect(up.exitCode).toBe(1);
      expect(up.stderr).toContain("timeout waiting for Tailscale service");
    } finally {
      await heal(plan);
    }
    expect(await logIn(plan, pve2, await createAuthKey(plan))).toMatchObject({ exitCode: 0 });
    expect((await statusWhen(plan, pve2, () => true)).BackendState).toBe("Running");
  });

  test("a tagged host that logged out comes back when its device was deleted", async () => {
    await must(plan, pve2, ["tailscale", "logout"]);
    await deleteNode(plan, "pve2");
    expect((await tailnetNodes(plan)).map(({ label, tags }) => ({ label, tags }))).toEqual([
      { label: "pve1", tags: ["tag:tailmox"] },
    ]);
    expect(await logIn(plan, pve2, await createAuthKey(plan))).toMatchObject({ exitCode: 0 });
  });

  test("an upgrade restarts the service, removal keeps the identity, purge deletes it", async () => {
    const pid = () => must(plan, pve1, ["systemctl", "show", "-P", "MainPID", "tailscaled"]);
    const before = await pid();
    await must(plan, pve1, ["apt-get", "install", "-y", "--reinstall", "tailscale"]);
    expect(await pid()).not.toBe(before);
    await must(plan, pve1, ["apt-get", "remove", "-y", "tailscale"]);
    expect((await hostExec(plan, pve1, ["systemctl", "is-active", "tailscaled"])).exitCode).not.toBe(0);
    await must(plan, pve1, ["test", "-f", "/var/lib/tailscale/tailscaled.state"]);
    await must(plan, pve1, ["apt-get", "purge", "-y", "tailscale"]);
    expect((await hostExec(plan, pve1, ["test", "-e", "/var/lib/tailscale"])).exitCode).toBe(1);
  });

  test("a key without tags makes a node of the tailnet's user", async () => {
    await installTailscale(plan, pve1);
    expect(await logIn(plan, pve1, await createAuthKey(plan, { tags: [] }))).toMatchObject({ exitCode: 0 });
    expect((await statusWhen(plan, pve1, () => true)).Self.Tags).toBeUndefined();
  });
});

/** What becomes of a TCP connection: the curl exit codes for refused and for no answer in 2 s. */
async function connect(plan: LabPlan, host: HostPlan, address: string, port: number): Promise<string> {
  const argv = ["curl", "-s", "-m", "2", `http://${address}:${port}/`] as const;
  const { exitCode } = await hostExec(plan, host, argv);
  return { 7: "refused", 28: "silence" }[exitCode ?? -1] ?? `exit ${exitCode}`;
}
