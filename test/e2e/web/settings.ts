import { expect, test } from "bun:test";
import { setCapabilities } from "../../../lab/tailnet/hosted.ts";
import { poll } from "../../../src/host/deadline.ts";
import type { WebStory } from "./story.ts";

/** What an administrator set on a host that is in the tailnet already. */
export function settings({ plan, pve2, up, shell }: WebStory): void {
  test("settings of an existing login are switched off where nothing depends on them, else kept and told", async () => {
    await setCapabilities(plan, "pve2", { "https://tailscale.com/cap/ssh": [] });
    const set = await poll(15_000, 500, async () => {
      const { exitCode } = await shell(pve2, "tailscale set --accept-routes --accept-dns --ssh");
      return exitCode === 0 ? true : undefined;
    });
    expect(set).toBe(true);
    await shell(pve2, "echo pve1.lab.ts.net:/tank /mnt/tank nfs noauto 0 0 >> /etc/fstab");
    const { exit, text } = await up(pve2, ["--staging"]);
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toContain("mount /mnt/tank");
    const prefs = JSON.parse((await shell(pve2, "tailscale debug prefs")).stdout);
    expect(prefs).toMatchObject({ RouteAll: false, CorpDNS: true, RunSSH: false });
    await shell(pve2, "tailscale set --accept-dns=false");
  });
}
