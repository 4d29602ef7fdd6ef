import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImageFile } from "../images/recipe.ts";
import { projectDir } from "../paths.ts";
import type { StandIn } from "./build.ts";
import { packageFiles } from "./dpkg-entries.ts";
import { RELEASE_FILE, RELEASES, type Release } from "./node/release.ts";

const EXECUTABLE = "/usr/lib/lab-pve/lab-pve";
/** The programs that are one executable, by the names under which Proxmox has them in /usr/bin. */
const PROGRAMS = [
  "pvecm",
  "pvesh",
  "pvenode",
  "pveversion",
  "pveproxy",
  "pvedaemon",
  "pvestatd",
  "qm",
  "pvesm",
];
const FOLDERS = [
  "/etc/pve",
  "/var/lib/pve-cluster",
  "/var/lib/vz",
  "/var/log/pve",
  "/var/log/pve/tasks",
  "/var/lib/lab-pve",
];
const UNITS = [
  "pve-cluster",
  "pvedaemon",
  "pveproxy",
  "pvestatd",
  "lab-pve-installer",
  "pve-guests",
  "qemu-guest-agent",
];

/** Everything that turns a Debian root into a host that plays a Proxmox release. */
export async function standInFiles(release: Release["name"], built: StandIn): Promise<ImageFile[]> {
  const units = await Promise.all(UNITS.map(unitFiles));
  return [
    { path: EXECUTABLE, from: built.executable, mode: 0o755 },
    { path: "/usr/bin/pmxcfs", from: built.pmxcfs, mode: 0o755 },
    ...PROGRAMS.map((name) => ({ path: `/usr/bin/${name}`, link: `../lib/lab-pve/lab-pve` })),
    ...["installer", "guests"].map((name) => ({ path: `/usr/lib/lab-pve/lab-pve-${name}`, link: "lab-pve" })),
    { path: RELEASE_FILE, content: `${JSON.stringify(RELEASES[release], undefined, 2)}\n` },
    ...units.flat(),
    // Folders that Proxmox's packages bring; an image of files has no empty ones.
    {
      path: "/usr/lib/tmpfiles.d/lab-pve.conf",
      content: FOLDERS.map((folder) => `d ${folder} 0755 root root -\n`).join(""),
    },
    // Debian enables it, too; here it says so in the image, and starts only when it is configured.
    wanted("corosync", "/usr/lib/systemd/system/corosync.service"),
    ...packageFiles(RELEASES[release]),
  ];
}

async function unitFiles(name: string): Promise<ImageFile[]> {
  const path = `/usr/lib/systemd/system/${name}.service`;
  const content = await readFile(join(projectDir, `lab/pve/units/${name}.service`), "utf8");
  return [{ path, content }, wanted(name, path)];
}

function wanted(name: string, unit: string): ImageFile {
  return { path: `/etc/systemd/system/multi-user.target.wants/${name}.service`, link: unit };
}
