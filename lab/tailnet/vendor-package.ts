import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runOk } from "../../src/host/run.ts";
import { DEFAULTS, ONLINE_TARGET, POSTINST, POSTRM, PRERM, SERVICE, WAIT_ONLINE } from "./package-files.ts";

export interface TailscalePackage {
  /** "1.102.3": also the version of the package. */
  readonly version: string;
  /** Debian's name of the architecture, "amd64". */
  readonly architecture: string;
  /** Paths of the programs to pack. */
  readonly tailscale: string;
  readonly tailscaled: string;
}

/**
 * Writes tailscale_VERSION_ARCH.deb into `directory` and gives its path: the real programs, with units and
 * maintainer scripts that behave as the vendor's do (tailscale.md 6.4, 7).
 */
export async function buildTailscalePackage(wanted: TailscalePackage, directory: string): Promise<string> {
  const [major = 0, minor = 0] = wanted.version.split(".").map(Number);
  // `tailscale wait`, and with it the target, came with 1.96 (tailscale.md 1.2).
  const canWait = major > 1 || minor >= 96;
  const root = join(directory, `tailscale-${wanted.version}`);
  await writeTree(root, {
    "DEBIAN/control": controlText(wanted),
    "DEBIAN/conffiles": "/etc/default/tailscaled\n",
    "etc/default/tailscaled": DEFAULTS,
    "lib/systemd/system/tailscaled.service": SERVICE,
    ...(canWait && {
      "lib/systemd/system/tailscale-online.target": ONLINE_TARGET,
      "lib/systemd/system/tailscale-wait-online.service": WAIT_ONLINE,
    }),
  });
  await writeTree(
    root,
    { "DEBIAN/postinst": POSTINST, "DEBIAN/prerm": PRERM, "DEBIAN/postrm": POSTRM },
    0o755,
  );
  await addProgram(wanted.tailscale, join(root, "usr/bin/tailscale"));
  await addProgram(wanted.tailscaled, join(root, "usr/sbin/tailscaled"));
  return pack(root, join(directory, `tailscale_${wanted.version}_${wanted.architecture}.deb`));
}

/** Writes the package that brings the repository's public key, given as the path of a binary keyring. */
export async function buildKeyringPackage(keyring: string, directory: string): Promise<string> {
  const version = "1.35.181";
  const root = join(directory, "tailscale-archive-keyring");
  await writeTree(root, {
    "DEBIAN/control": [
      "Package: tailscale-archive-keyring",
      `Version: ${version}`,
      "Architecture: all",
      ...COMMON_FIELDS,
      "Description: Tailscale package repository signing key, lab build",
      "",
    ].join("\n"),
  });
  const installed = join(root, "usr/share/keyrings/tailscale-archive-keyring.gpg");
  await mkdir(dirname(installed), { recursive: true });
  await copyFile(keyring, installed);
  await chmod(installed, 0o644);
  return pack(root, join(directory, `tailscale-archive-keyring_${version}_all.deb`));
}

/** The package's control file. */
export function controlText({
  version,
  architecture,
}: Pick<TailscalePackage, "version" | "architecture">): string {
  return [
    "Package: tailscale",
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    "Depends: iptables",
    `Recommends: tailscale-archive-keyring (>= 1.35.181), iproute2`,
    ...COMMON_FIELDS,
    "Homepage: https://www.tailscale.com",
    "Description: The easiest, most secure, cross platform way to use WireGuard, lab build",
    "",
  ].join("\n");
}

const COMMON_FIELDS = [
  "Section: net",
  "Priority: extra",
  "Maintainer: tailmox lab <lab@tailmox.invalid>",
] as const;

async function writeTree(root: string, files: Readonly<Record<string, string>>, mode = 0o644): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content, { mode });
    await chmod(join(root, path), mode);
  }
}

async function addProgram(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  await chmod(to, 0o755);
}

/** zstd at 9 packs the two programs in under a second to 18 MB; xz takes 15 s for 15 MB. */
async function pack(root: string, file: string): Promise<string> {
  await runOk(["dpkg-deb", "--root-owner-group", "-Zzstd", "-z9", "--build", root, file]);
  return file;
}
