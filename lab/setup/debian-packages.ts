import { UserError } from "../../src/errors.ts";
import { run, runOk } from "../../src/host/run.ts";

/** Debian packages that this machine needs, each with what for. Go, Node and npm are the user's to bring. */
export const DEBIAN_PACKAGES: Readonly<Record<string, string>> = {
  debootstrap: "makes the hosts' Debian roots",
  "systemd-container": "boots the hosts (systemd-nspawn)",
  iproute2: "makes the lab's networks",
  ethtool: "switches offloads off on emulated links",
  nftables: "plays home routers (NAT)",
  "iputils-ping": "measures links",
  e2fsprogs: "makes the hosts' disks",
  fuse3: "the file system of /etc/pve",
  "util-linux": "loop devices, nsenter, real-time relay",
  procps: "kernel settings of emulated routers",
  "dnsmasq-base": "the lab's name server",
  "openssh-client": "the hosts' ssh keys",
  "debian-archive-keyring": "checks the hosts' Debian roots",
  gnupg: "signs the lab's package repository",
  openssl: "the lab's certificate authority",
  "ca-certificates": "certificates of package registries",
  gcc: "builds the /etc/pve stand-in (cgo)",
  "libc6-dev": "builds the /etc/pve stand-in (cgo)",
  "libcpg-dev": "corosync's group messages",
  "libquorum-dev": "corosync's quorum",
  "libcmap-dev": "corosync's runtime keys",
  sqlite3: "backs up the stand-in's database, in its tests",
  "python3-proxmoxer": "a Proxmox client that nobody here wrote, for the tests",
  "python3-requests": "what python3-proxmoxer speaks HTTP with",
};

/** Installs what is missing of `DEBIAN_PACKAGES`, and says so. Throws E_LAB_SETUP without root or apt. */
export async function ensureDebianPackages(progress: (line: string) => void): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) {
    throw new UserError("E_LAB_SETUP", `these Debian packages are missing: ${missing.join(" ")}`, {
      likely: "the lab was never set up on this machine, and only root can install packages",
      mend: `as root: apt-get install ${missing.join(" ")}`,
    });
  }
  for (const name of missing) progress(`Debian package ${name}: ${DEBIAN_PACKAGES[name]}`);
  // Somebody else's broken source must not stop us: what counts is whether the install works.
  await run(["apt-get", "update", "-qq"], { timeoutMs: 300_000 });
  await runOk(["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...missing], {
    timeoutMs: 900_000,
    env: { DEBIAN_FRONTEND: "noninteractive" },
  });
}

/** Those of `DEBIAN_PACKAGES` that are not installed. */
export async function missingPackages(): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format, not a template of ours.
  const { stdout } = await run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"]);
  const installed = new Set(
    stdout
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return Object.keys(DEBIAN_PACKAGES).filter((name) => !installed.has(name));
}
