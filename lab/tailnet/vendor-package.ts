import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runOk } from "../../src/host/run.ts";

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

const DEFAULTS = `# UDP port for tailnet traffic; 0 takes any.
PORT="41641"

# More flags for tailscaled.
FLAGS=""
`;

const SERVICE = `[Unit]
Description=Tailscale node agent
Documentation=https://tailscale.com/docs/
Wants=network-pre.target
After=network-pre.target NetworkManager.service systemd-resolved.service

[Service]
Type=notify
EnvironmentFile=/etc/default/tailscaled
ExecStart=/usr/sbin/tailscaled --state=/var/lib/tailscale/tailscaled.state --socket=/run/tailscale/tailscaled.sock --port=\${PORT} $FLAGS
ExecStopPost=/usr/sbin/tailscaled --cleanup
Restart=on-failure
RuntimeDirectory=tailscale
RuntimeDirectoryMode=0755
StateDirectory=tailscale
StateDirectoryMode=0700
CacheDirectory=tailscale
CacheDirectoryMode=0750

[Install]
WantedBy=multi-user.target
`;

const ONLINE_TARGET = `[Unit]
Description=Tailscale is online
Requires=tailscale-wait-online.service
After=tailscale-wait-online.service
`;

const WAIT_ONLINE = `[Unit]
Description=Wait for Tailscale to be online
Requires=tailscaled.service
After=tailscaled.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/tailscale wait

[Install]
WantedBy=tailscale-online.target
`;

/** Enables on first install, keeps an administrator's choice later, and restarts on upgrade. */
const POSTINST = `#!/bin/sh
set -e
unit=tailscaled.service
case "$1" in
configure | abort-upgrade | abort-deconfigure | abort-remove)
    deb-systemd-helper unmask $unit >/dev/null || true
    if deb-systemd-helper --quiet was-enabled $unit; then
        deb-systemd-helper enable $unit >/dev/null || true
    else
        deb-systemd-helper update-state $unit >/dev/null || true
    fi
    if [ -d /run/systemd/system ]; then
        systemctl --system daemon-reload >/dev/null || true
        deb-systemd-invoke restart $unit >/dev/null || true
    fi
    ;;
esac
`;

const PRERM = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    deb-systemd-invoke stop tailscaled.service >/dev/null || true
fi
`;

/** Removal keeps the identity, purge deletes it (tailscale.md 7). */
const POSTRM = `#!/bin/sh
set -e
unit=tailscaled.service
if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
fi
if [ -x /usr/bin/deb-systemd-helper ]; then
    case "$1" in
    remove)
        deb-systemd-helper mask $unit >/dev/null || true
        ;;
    purge)
        deb-systemd-helper purge $unit >/dev/null || true
        deb-systemd-helper unmask $unit >/dev/null || true
        ;;
    esac
fi
if [ "$1" = purge ]; then
    rm -rf /var/lib/tailscale
fi
`;

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
