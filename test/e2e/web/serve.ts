import { expect, test } from "bun:test";
import { writeHostFile } from "../../../lab/machines/files.ts";
import { setCapabilities } from "../../../lab/tailnet/hosted.ts";
import type { WebStory } from "./story.ts";

/** The web page on 443, by `tailscale serve`; pve1 makes the cluster on the way. */
export function servedPage({ plan, pve1, pve2, up, shell, fetchFrom }: WebStory): void {
  test("a consent page that waits for ever is bounded, shown, and no reason to have no cluster", async () => {
    await writeHostFile(plan, pve1, "/usr/local/bin/tailscale", CONSENT, 0o755);
    const started = performance.now();
    const { exit, text } = await up(pve1, ["--create"]);
    await shell(pve1, "rm /usr/local/bin/tailscale; pkill -x sleep");
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toContain("none: Tailscale does not serve the web page");
    expect(text.replace(/\s+/g, " ")).toContain("https://login.tailscale.com/f/serve?node=n1");
    expect(performance.now() - started).toBeLessThan(90_000);
  });

  test("another run serves the web page, which the second host reaches on 443 with a verified certificate", async () => {
    const { exit, text } = await up(pve1, []);
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toMatch(/Web +ok +https:\/\/pve1\.lab\.ts\.net, certificate valid for \d+ days/);
    expect(await fetchFrom(pve2, pve1, 443)).toContain("Proxmox");
    const again = await up(pve1, []);
    expect(again).toMatchObject({ exit: 0, text: expect.stringContaining("Nothing to do") });
  });

  test("a Service is offered beside it, and what approval is missing is said until it is there", async () => {
    const offered = await up(pve1, ["--service", "svc:tailmox"]);
    expect(offered.text).toContain("and not approved yet");
    expect(offered.text).toContain("tailmox service define --name svc:tailmox");
    expect(offered.exit).toBe(0);
    const status = JSON.parse((await shell(pve1, "tailscale serve status --json")).stdout);
    expect(Object.keys(status.Web)).toEqual(["pve1.lab.ts.net:443"]);
    expect(Object.keys(status.Services["svc:tailmox"].Web)).toEqual(["tailmox.lab.ts.net:443"]);
    await setCapabilities(plan, "pve1", { "service-host": [{ "svc:tailmox": ["100.100.0.1"] }] });
    const approved = await up(pve1, ["--service", "svc:tailmox"]);
    expect(approved).toMatchObject({ exit: 0, text: expect.not.stringContaining("not approved yet") });
  });

  test("a foreign handler on 443 is left as it is, and refused when asked for by name", async () => {
    await shell(pve2, "tailscale serve --bg --yes --https=443 text:mine");
    const { exit, text } = await up(pve2, ["--web", "serve"]);
    expect({ exit, text }).toMatchObject({ exit: 4 });
    expect(text).toContain("E_WEB_REFUSED");
    expect(await fetchFrom(pve1, pve2, 443)).toBe("mine");
    await shell(pve2, "tailscale serve --yes --https=443 off");
  });
}

/** A client whose serve shows a consent page and waits for ever; all else is the real one's. */
const CONSENT = `#!/bin/sh
if [ "$1" = serve ] && [ "$2" != status ]; then
  echo "Serve is not enabled on your tailnet."
  echo "To enable, visit:"
  echo "         https://login.tailscale.com/f/serve?node=n1"
  sleep 3600
fi
exec /usr/bin/tailscale "$@"
`;
