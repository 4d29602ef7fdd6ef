import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { ensureImage } from "../../lab/images/image.ts";
import { writeHostFile } from "../../lab/machines/files.ts";
import { planLab } from "../../lab/plan.ts";
import { parseScenario } from "../../lab/scenarios/load.ts";
import { giveSecrets } from "../../lab/story/give-secrets.ts";
import { labUp } from "../../lab/up.ts";
import { describeLab } from "../../test/lab-only.ts";
import { everyFile } from "./every-file.ts";
import { onStage, type Stage } from "./stage.ts";

const LOG = "/var/log/tailmox.log";

/** Debian alone, as somebody may prepare it: no program of Proxmox, and none that plays one. */
describeLab("tailmox on a root file system without Proxmox", () => {
  const name = "proof-rootfs";
  let stage: Stage;
  let login: readonly string[];

  beforeAll(async () => {
    // The lab's image without its upper layer, which is the stand-in.
    const debian = (await ensureImage("pve9")).at(-1) ?? "";
    const scenario = parseScenario(
      {
        name,
        summary: "a Proxmox host, and one that is Debian alone",
        tailnet: "headscale",
        sites: [{ name: "a" }, { name: "b" }],
        hosts: [
          { name: "pve1", site: "a", release: "pve9", tailscale: true },
          { name: "plain", site: "b", release: "pve9", rootfs: debian, tailscale: true },
        ],
      },
      name,
    );
    await takeDown(planLab(name, scenario));
    stage = onStage(await labUp(name, scenario));
    const flags = await giveSecrets(stage.plan);
    login = flags.slice(0, flags.indexOf("--password-file"));
    for (const host of stage.plan.hosts) await writeHostFile(stage.plan, host, LOG, "", 0o600);
  }, 300_000);
  afterAll(() => stage.close(), 60_000);

  test.each([
    "up --dry-run",
    "up --yes --create",
    "up --yes --staging",
    "check",
    "admit --yes --peer pve1",
    "status",
  ])(
    "says what is missing, and changes nothing: tailmox %s",
    async (command) => {
      const argv = command.split(" ");
      const before = await everyFile(stage, "plain", { besides: [LOG] });
      const more = argv[0] === "up" ? login : [];
      const { exitCode, text } = await stage.tailmox("plain", ...argv, ...more);
      expect(text).toContain("this is not a Proxmox VE host");
      expect(text).toContain("E_NOT_PVE, exit 4");
      expect(exitCode).toBe(4);
      expect(await everyFile(stage, "plain", { besides: [LOG] })).toBe(before);
    },
    60_000,
  );

  test("is told of as a peer with the tag, stops a create, and is passed over by name", async () => {
    const [server = "", where = ""] = login;
    await stage.sh("plain", `tailscale up ${server} ${where} --auth-key file:/root/tailnet.key`);
    const said = await stage.tailmox("pve1", "up", "--yes", "--password-file", "/root/passwords", ...login);
    expect(said.text).toContain("plain");
    expect(said.text).toContain("E_PEER_UNKNOWN, exit 4");
    expect(await stage.holds("pve1", "test -e /etc/pve/corosync.conf")).toBe(false);
    const without = await stage.up("pve1", "--without", "plain", ...login);
    expect(without.exitCode).toBe(0);
  }, 200_000);
});
