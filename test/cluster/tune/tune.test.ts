import { afterAll, beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { takeDown } from "../../../lab/down.ts";
import { writeHostFile } from "../../../lab/machines/files.ts";
import { describeLab } from "../../lab-only.ts";
import { type RingOfThree, ringOfThree, TUNED } from "./ring-of-three.ts";

/** Cuts and power cuts in the middle of it: `npm run proof -- tune`. */
describeLab("tailmox tune on a living cluster of three hosts", () => {
  let ring: RingOfThree;

  beforeAll(async () => {
    ring = await ringOfThree("tune");
  }, 400_000);

  afterAll(() => takeDown(ring.plan), 60_000);

  test("gives every member the new timers without a membership change, while hosts write", async () => {
    const rings = await ring.ringsFormed();
    const writing = ring.on(
      "pve3",
      ...([
        "sh",
        "-c",
        'for i in $(seq 150); do echo "$i" >>/etc/pve/written || exit 1; sleep 0.2; done',
      ] as const),
    );
    const { exitCode, stdout } = await ring.on("pve1", "tailmox", "tune", "--yes", "--json");
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    const { result } = z.object({ result: z.object({ outcome: z.string() }) }).parse(JSON.parse(stdout));
    expect(result.outcome).toBe("tuned");
    expect(await ring.inForce()).toEqual([TUNED, TUNED, TUNED]);
    expect(await ring.ringsFormed()).toEqual(rings);
    expect(ring.version(await ring.settledOn(20_000))).toBe(ring.version(ring.first) + 1);
    expect((await writing).exitCode).toBe(0);
    const lines = Array.from({ length: 150 }, (_, i) => `${i + 1}\n`).join("");
    expect((await ring.onAll("cat", "/etc/pve/written")).map((r) => r.stdout)).toEqual([lines, lines, lines]);
  }, 240_000);

  test("run again it finds nothing to do, and a dry run changes nothing", async () => {
    const before = await ring.confs();
    const again = await ring.on("pve2", "tailmox", "tune", "--yes", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ result: { outcome: "nothing to do" } });
    const dry = await ring.on("pve2", "tailmox", "tune", "--to", "pve-9", "--dry-run", "--json");
    expect(JSON.parse(dry.stdout)).toMatchObject({ result: { outcome: "dry run" } });
    expect(await ring.confs()).toEqual(before);
  }, 120_000);

  test("undo brings the settings back that stood there before, the derived timers too", async () => {
    const { exitCode, stdout } = await ring.on("pve2", "tailmox", "tune", "--undo", "--yes");
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    const text = await ring.settledOn(20_000);
    expect(text).toBe(ring.withVersion(ring.first, ring.version(ring.first) + 2));
    const derived = { token: "3125", consensus: "3750", "interface.0.knet_ping_timeout": "1562" };
    for (const timers of await ring.inForce()) expect(timers).toMatchObject(derived);
  }, 240_000);

  test("settings that no ring can live with take themselves back", async () => {
    // The token is given up before it has come round.
    const bad = { token: 130, token_coefficient: 0, token_retransmits_before_loss_const: 1 };
    await writeHostFile(ring.plan, ring.host("pve1"), "/root/bad.json", JSON.stringify(bad), 0o644);
    const refused = await ring.on("pve1", "tailmox", "tune", "--to", "/root/bad.json", "--yes");
    expect({ exitCode: refused.exitCode, said: refused.stderr }).toMatchObject({ exitCode: 3 });
    const before = (await ring.confs())[0];
    const argv = [
      "tune",
      "--to",
      "/root/bad.json",
      "--yes",
      "--accept-risk",
      "worse",
      "--confirm-within",
      "60s",
    ];
    const { exitCode, stderr } = await ring.on("pve1", "tailmox", ...argv);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining("E_TUNE_TAKEN_BACK"),
    });
    const after = await ring.settledOn(60_000);
    expect(after).toBe(ring.withVersion(before, ring.version(before) + 2));
  }, 300_000);

  test("once HA is used no outage beyond its watchdog is agreed to, and status warns of timers that allow one", async () => {
    const sh = (script: string) => ring.on("pve1", "sh", "-c", script);
    expect((await sh("mkdir -p /etc/pve/ha && echo 'vm: 100' >/etc/pve/ha/resources.cfg")).exitCode).toBe(0);
    const tune = await ring.on("pve1", "tailmox", "tune", "--accept-risk", "no-ha", "--dry-run");
    expect(tune).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("HA is used here") });
    // The same config_version: corosync goes on as it is, and only the file that all reload next time says it.
    const conf = "/etc/pve/corosync.conf";
    const longer = `sed 's/token_coefficient: .*/token_coefficient: 18000/' ${conf} >${conf}.new && mv ${conf}.new ${conf}`;
    expect((await sh(longer)).exitCode).toBe(0);
    const { stdout } = await ring.on("pve1", "tailmox", "status", "--json");
    const { result } = statusJson.parse(JSON.parse(stdout));
    // 46.2 s of token and consensus, and some rotations.
    expect(result.cluster.findings.join("\n")).toMatch(/more than 4[6-9] s: at 60 s HA resets hosts/);
  }, 60_000);
});

const statusJson = z.object({
  result: z.object({ cluster: z.object({ findings: z.array(z.string()) }) }),
});
