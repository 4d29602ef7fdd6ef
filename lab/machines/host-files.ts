import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "../../src/host/run.ts";
import type { Lowers } from "../images/image.ts";
import type { ImageFile } from "../images/recipe.ts";
import type { HostPlan, LabPlan } from "../plan.ts";

/** What makes a root this host's: its name, addresses, password, machine id, certificate authorities. */
export async function identityFiles(
  plan: LabPlan,
  host: HostPlan,
  lowers: Lowers,
  given: readonly ImageFile[],
): Promise<ImageFile[]> {
  return [
    { path: "/etc/hostname", content: `${host.name}\n` },
    { path: "/etc/hosts", content: hostsFile(host) },
    { path: "/etc/machine-id", content: `${randomUUID().replaceAll("-", "")}\n`, mode: 0o444 },
    { path: "/etc/resolv.conf", content: `search ${DOMAIN}\nnameserver ${plan.internet.address}\n` },
    {
      path: "/etc/shadow",
      content: await shadowFile(host, await inLowers(lowers, "etc/shadow")),
      mode: 0o640,
    },
    ...(await trustFile(lowers, given)),
  ];
}

/** As Proxmox's installer writes it: the name means the LAN address, in one line (proxmox.md 1). */
export function hostsFile(host: Pick<HostPlan, "name" | "lan">): string {
  return `127.0.0.1 localhost.localdomain localhost
${host.lan.address} ${host.name}.${DOMAIN} ${host.name}

# The following lines are desirable for IPv6 capable hosts

::1     ip6-localhost ip6-loopback
fe00::0 ip6-localnet
ff00::0 ip6-mcastprefix
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
ff02::3 ip6-allhosts
`;
}

const DOMAIN = "example.lan";

/** The image's shadow file with a hash of the host's password for root. */
async function shadowFile(host: HostPlan, text: string): Promise<string> {
  const hash = (await runOk(["openssl", "passwd", "-6", "-stdin"], { input: `${host.password}\n` })).trim();
  return text.replace(/^root:[^:]*:/m, () => `root:${hash}:`);
}

/** The bundle that update-ca-certificates would make: Debian's authorities and those among the given files. */
async function trustFile(lowers: Lowers, given: readonly ImageFile[]): Promise<ImageFile[]> {
  const authorities = given.filter(({ path }) => path.startsWith("/usr/local/share/ca-certificates/"));
  if (authorities.length === 0) return [];
  const texts = await Promise.all(
    authorities.map(({ content, from }) => content ?? (from ? readFile(from, "utf8") : "")),
  );
  const debian = await inLowers(lowers, "etc/ssl/certs/ca-certificates.crt");
  return [{ path: "/etc/ssl/certs/ca-certificates.crt", content: [debian, ...texts].join("") }];
}

/** A file as the overlay of `lowers` shows it. */
async function inLowers([first, ...rest]: readonly string[], path: string): Promise<string> {
  if (first === undefined) throw new Error(`the image has no /${path}`);
  return readFile(join(first, path), "utf8").catch(() => inLowers(rest, path));
}
