import { expect, test } from "bun:test";
import { setHostedSettings } from "../../../lab/tailnet/hosted.ts";
import { poll } from "../../../src/host/deadline.ts";
import { CERTIFICATE, proxyCertificatePath } from "../../../src/proxmox/web-certificate.ts";
import type { WebStory } from "./story.ts";

/** Tailscale's certificate on Proxmox's own port, where pve2 joins on the way; and a tailnet that gives none. */
export function certificate({ plan, pve1, pve2, up, shell, fetchFrom }: WebStory): void {
  test("--web cert sets Tailscale's certificate after the join, for the web page on 8006", async () => {
    const { exit, text } = await up(pve2, ["--web", "cert"]);
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toMatch(/Web +ok +https:\/\/pve2\.lab\.ts\.net:8006, certificate valid for \d+ days/);
    expect(await fetchFrom(pve1, pve2, 8006)).toContain("Proxmox");
    expect((await shell(pve2, `stat -c %a ${CERTIFICATE.key}`)).stdout.trim()).toBe("600");
    const again = await up(pve2, []);
    expect(again).toMatchObject({ exit: 0, text: expect.stringContaining("Nothing to do") });
  });

  test("the certificate is renewed by its timer, and one that somebody else sets is left alone", async () => {
    const serial = () => shell(pve2, `openssl x509 -noout -serial -in ${proxyCertificatePath("pve2")}`);
    const before = await serial();
    const renew = () => shell(pve2, "systemctl start tailmox-certificate.service");
    expect((await renew()).exitCode).toBe(0);
    expect((await serial()).stdout).toBe(before.stdout);
    await shell(pve2, "rm /var/lib/tailscale/certs/*");
    expect((await renew()).exitCode).toBe(0);
    const after = await serial();
    expect(after.stdout).not.toBe(before.stdout);
    expect(await fetchFrom(pve1, pve2, 8006)).toContain("Proxmox");
    const own = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=own -keyout own.key -out own.pem";
    await shell(pve2, `${own}; pvenode cert set own.pem own.key --force 1 --restart 1`);
    const foreign = await serial();
    await shell(pve2, "rm /var/lib/tailscale/certs/*");
    await renew();
    expect((await serial()).stdout).toBe(foreign.stdout);
    const refused = await up(pve2, ["--web", "cert"]);
    expect(refused).toMatchObject({ exit: 4, text: expect.stringContaining("E_WEB_REFUSED") });
  });

  test("without HTTPS in the tailnet the web page is none, with the reason", async () => {
    await setHostedSettings(plan, { httpsEnabled: false });
    await shell(pve2, "tailscale serve reset");
    const none = await poll(20_000, 1_000, async () => {
      const { exit, text } = await up(pve2, []);
      return text.includes("none: this tailnet gives no HTTPS certificates") ? exit : undefined;
    });
    expect(none).toBe(0);
  });
}
