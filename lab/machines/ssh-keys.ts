import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOk } from "../../src/host/run.ts";
import type { ImageFile } from "../images/recipe.ts";

/** Fresh ssh host keys, as Debian's openssh-server makes them at its installation. */
export async function sshHostKeys(hostName: string): Promise<ImageFile[]> {
  const dir = await mkdtemp(join(tmpdir(), "tailmox-keys-"));
  try {
    const pairs = await Promise.all(["ecdsa", "ed25519", "rsa"].map((type) => keyPair(dir, type, hostName)));
    return pairs.flat();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function keyPair(dir: string, type: string, hostName: string): Promise<ImageFile[]> {
  const name = `ssh_host_${type}_key`;
  const file = join(dir, name);
  await runOk(["ssh-keygen", "-q", "-t", type, "-N", "", "-C", `root@${hostName}`, "-f", file]);
  return [
    { path: `/etc/ssh/${name}`, mode: 0o600, content: await readFile(file, "utf8") },
    { path: `/etc/ssh/${name}.pub`, content: await readFile(`${file}.pub`, "utf8") },
  ];
}
