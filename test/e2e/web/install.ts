import { expect, test } from "bun:test";
import { writeHostFile } from "../../../lab/machines/files.ts";
import { createAuthKey } from "../../../lab/tailnet/auth-key.ts";
import type { WebStory } from "./story.ts";

/** pve2, which has no Tailscale any more, comes to one by ways that are not the plain one. */
export function installations({ plan, pve2, up, shell }: WebStory): void {
  const upByKey = () => up(pve2, ["--staging", "--auth-key-file", "/root/key", "--web", "none"]);

  test("a Tailscale that came by no package is started and used as it is", async () => {
    await writeHostFile(plan, pve2, "/root/key", `${await createAuthKey(plan)}\n`, 0o600);
    expect(await shell(pve2, STATIC)).toMatchObject({ exitCode: 0 });
    const { exit, text } = await upByKey();
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toContain("start tailscaled");
    expect((await shell(pve2, "ls /usr/bin/tailscale /etc/apt/sources.list.d")).stdout).not.toContain(
      "tailscale",
    );
    const takeAway = "tailscale logout; systemctl disable --now tailscaled; rm /usr/local/bin/tailscale*";
    await shell(pve2, `${takeAway}; rm -r /etc/systemd/system/tailscaled.service /var/lib/tailscale`);
  });

  test("Proxmox's enterprise repository, which answers nobody without a subscription, does not stop an installation", async () => {
    const list = "deb https://enterprise.proxmox.com/debian/pve trixie pve-enterprise\n";
    await writeHostFile(plan, pve2, "/etc/apt/sources.list.d/pve-enterprise.list", list, 0o644);
    expect((await shell(pve2, "apt-get update -eany")).exitCode).not.toBe(0);
    const { exit, text } = await upByKey();
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect((await shell(pve2, "dpkg-query -W tailscale")).exitCode).toBe(0);
  });
}

const STATIC = `set -e
cp /root/static/* /usr/local/bin/
cat > /etc/systemd/system/tailscaled.service <<END
[Service]
Type=notify
ExecStart=/usr/local/bin/tailscaled --state=/var/lib/tailscale/tailscaled.state
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload`;
