import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import { isMissing } from "../host/missing-tool.ts";
import { isNodeName, type PveVersion, parsePveVersion } from "./version.ts";

export interface OwnNode {
  readonly name: string;
  readonly pve: PveVersion;
  /** Debian's code name: decides the package repository. */
  readonly codename: "bookworm" | "trixie";
  readonly debian: string;
}

/** What kind of host this is. Throws E_NOT_PVE, E_PVE_VERSION or E_NODE_NAME when it cannot be clustered. */
export async function readOwnNode(reader: Reader): Promise<OwnNode> {
  const [version, uname, osRelease] = await Promise.all([
    reader.run(["pveversion"], { timeoutMs: 20_000 }),
    reader.run(["uname", "-n"]),
    reader.text("/etc/os-release"),
  ]);
  const pve = parsePveVersion(version.stdout);
  if (isMissing(version) || !pve) throw notProxmox(isMissing(version) ? "" : version.stderr);
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(osRelease ?? "")?.[1];
  const debian = /^VERSION_ID="?(\d+)/m.exec(osRelease ?? "")?.[1] ?? "?";
  const fits = (pve.major === 8 && codename === "bookworm") || (pve.major === 9 && codename === "trixie");
  if (!fits || (codename !== "bookworm" && codename !== "trixie")) throw otherVersion(pve, codename);
  const name = uname.stdout.trim().split(".")[0] ?? "";
  if (!isNodeName(name)) throw badName(name);
  return { name, pve, codename, debian };
}

function notProxmox(words: string): UserError {
  return new UserError("E_NOT_PVE", "this is not a Proxmox VE host", {
    likely: words.trim().split("\n")[0] || "the program pveversion is missing",
    mend: "run tailmox on a host with Proxmox VE 8 or 9",
  });
}

function otherVersion(pve: PveVersion, codename: string | undefined): UserError {
  return new UserError(
    "E_PVE_VERSION",
    `Proxmox VE ${pve.version} on Debian ${codename ?? "?"} is not supported`,
    {
      likely: "tailmox knows Proxmox VE 8 on Debian bookworm and Proxmox VE 9 on Debian trixie",
      mend: "upgrade Proxmox VE, or look for a newer tailmox",
    },
  );
}

function badName(name: string): UserError {
  return new UserError("E_NODE_NAME", `"${name}" cannot be a node name in a cluster`, {
    likely:
      "Proxmox takes letters, digits and hyphens only, and a node's name cannot change after clustering",
    mend: "rename this host first: https://pve.proxmox.com/wiki/Renaming_a_PVE_node",
  });
}
