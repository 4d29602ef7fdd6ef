import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UserError } from "../../src/errors.ts";
import { runOk } from "../../src/host/run.ts";
import { ensureImage } from "./image.ts";
import type { Release } from "./recipe.ts";
import { requireSpace } from "./space.ts";

/** Proxmox's public repository and its keys, per release (pve-docs, "Package Repositories"). */
const REPOSITORY = "http://download.proxmox.com/debian/pve";
const KEY_SITE = "https://enterprise.proxmox.com/debian";
const RELEASES = {
  pve8: { suite: "bookworm", key: "proxmox-release-bookworm.gpg" },
  pve9: { suite: "trixie", key: "proxmox-archive-keyring-trixie.gpg" },
} as const;

/** What a cluster needs of Proxmox; the whole of proxmox-ve would bring a kernel and a boot loader. */
const PACKAGES = ["pve-manager", "pve-cluster", "corosync", "pve-firewall", "openssh-server"];

/**
 * Prepares in `dir` a root with the real Proxmox packages (pve-no-subscription), for `lab up --rootfs DIR`.
 * This machine must reach Proxmox's servers. Throws E_LAB_NO_SPACE, E_COMMAND_FAILED with apt's own words.
 */
export async function prepareProxmoxRoot(
  dir: string,
  release: Release,
  progress: (line: string) => void = () => undefined,
): Promise<void> {
  const target = resolve(dir);
  const partial = `${target}.partial`;
  if (existsSync(target)) {
    throw new UserError("E_LAB_IMAGE", `${target} is there already`, {
      likely: "an earlier run made it",
      mend: "remove it, or name another directory",
    });
  }
  await requireSpace(target, 4_000, "a root with Proxmox's packages");
  // The Debian part is the lab's own image, without the stand-in.
  const [base] = await ensureImage(release, progress, { layer: [] });
  const { suite, key } = RELEASES[release];
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await runOk(["cp", "-a", "--reflink=auto", `${base}/.`, partial], { timeoutMs: 300_000 });
  const keyring = "/usr/share/keyrings/proxmox.gpg";
  await runOk(["curl", "-fsSL", "-o", join(partial, keyring), `${KEY_SITE}/${key}`]);
  const line = `deb [signed-by=${keyring}] ${REPOSITORY} ${suite} pve-no-subscription\n`;
  await writeFile(join(partial, "etc/apt/sources.list.d/pve-no-subscription.list"), line);
  await writeFile(join(partial, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  progress(`installing ${PACKAGES.join(", ")} with apt (usually some minutes)`);
  for (const argv of [["update"], ["install", "-y", "--no-install-recommends", ...PACKAGES]]) {
    // In a mount and process namespace of its own: what postinst scripts mount or start ends with it.
    await runOk(
      ["unshare", "--mount", "--pid", "--fork", "--kill-child", "chroot", partial, "apt-get", ...argv],
      { timeoutMs: 30 * 60_000, env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" } },
    );
  }
  await rm(join(partial, "usr/sbin/policy-rc.d"));
  await rename(partial, target);
  progress(`ready: npm run lab -- up demo --rootfs ${target}`);
}
