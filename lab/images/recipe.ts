import { createHash } from "node:crypto";

export type Release = "pve8" | "pve9";

/** A file or symbolic link that an image holds beyond what Debian's packages bring. */
export interface ImageFile {
  /** Absolute, in the image. */
  readonly path: string;
  /** Default 0644. */
  readonly mode?: number;
  /** Exactly one of these four: its text, text after what the lower layers have, a file to copy, a link's target. */
  readonly content?: string;
  readonly append?: string;
  readonly from?: string;
  readonly link?: string;
}

/** All that decides what a Debian root of the lab holds. */
export interface Recipe {
  readonly release: Release;
  readonly suite: string;
  readonly packages: readonly string[];
  readonly arguments: readonly string[];
  readonly files: readonly ImageFile[];
  readonly remove: readonly string[];
  /** A line of a packaged file, and what stands there instead. */
  readonly replace: readonly { readonly path: string; readonly line: string; readonly by: string }[];
}

/** The Debian root that plays a Proxmox release: what a stock host has and tools rely on, and no more. */
export function baseRecipe(release: Release): Recipe {
  return {
    release,
    suite: SUITES[release],
    packages: PACKAGES,
    arguments: ["--variant=minbase", "--components=main"],
    files: [...MASKED.map(masked), COROSYNC_CONDITION, MACHINE_ID],
    remove: [
      // Debian's example: Proxmox ships none, and a host that has one looks clustered.
      "/etc/corosync/corosync.conf",
      // Each host gets its own.
      ...["ecdsa", "ed25519", "rsa"].flatMap((type) => [
        `/etc/ssh/ssh_host_${type}_key`,
        `/etc/ssh/ssh_host_${type}_key.pub`,
      ]),
    ],
    replace: [
      // As Proxmox's installer leaves it; in the file itself, where administrators and pvecm change it.
      { path: "/etc/ssh/sshd_config", line: "#PermitRootLogin prohibit-password", by: "PermitRootLogin yes" },
    ],
  };
}

/** Twelve hex digits that change with anything in the recipe; `digestOf` gives the digest of a copied file. */
export function recipeDigest(recipe: object, digestOf: (file: string) => string = (file) => file): string {
  const text = JSON.stringify(recipe, (key, value: unknown) =>
    key === "from" && typeof value === "string" ? digestOf(value) : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

const SUITES: Readonly<Record<Release, string>> = { pve8: "bookworm", pve9: "trixie" };

const PACKAGES: readonly string[] = [
  ...["systemd", "systemd-sysv", "dbus", "procps", "psmisc"],
  ...["corosync", "corosync-qdevice", "openssh-server", "openssh-client"],
  ...["iproute2", "iputils-ping", "iptables", "nftables", "curl", "rsync"],
  ...["openssl", "ca-certificates", "jq", "sqlite3", "fuse3"],
];

/** These have no job in a container, reach for a network that is not there, or show the kernel of all hosts. */
const MASKED: readonly string[] = [
  ...["console-getty.service", "getty.target"],
  ...["systemd-networkd.service", "systemd-networkd.socket", "systemd-resolved.service"],
  ...["sys-kernel-debug.mount", "sys-kernel-tracing.mount", "dev-hugepages.mount"],
  ...["systemd-timesyncd.service", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer"],
];

function masked(unit: string): ImageFile {
  return { path: `/etc/systemd/system/${unit}`, link: "/dev/null" };
}

/** Proxmox's corosync unit has this condition, Debian's has not (lab.md, Root file system). */
const COROSYNC_CONDITION: ImageFile = {
  path: "/etc/systemd/system/corosync.service.d/proxmox.conf",
  content: "[Unit]\nConditionPathExists=/etc/corosync/corosync.conf\n",
};

/** Filled when a host is made; empty in an image, as systemd wants it. */
const MACHINE_ID: ImageFile = { path: "/etc/machine-id", content: "" };
