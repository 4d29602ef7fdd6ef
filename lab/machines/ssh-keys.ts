import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "../../src/host/run.ts";
import type { ImageFile } from "../images/recipe.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { markOf } from "../processes.ts";

/** Fresh ssh host keys, as Debian's openssh-server makes them at its installation; made in the host's directory. */
export async function sshHostKeys(plan: LabPlan, host: HostPlan): Promise<ImageFile[]> {
  const dir = join(host.dir, "keys");
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { mode: 0o700 });
  const pairs = await Promise.all(
    ["ecdsa", "ed25519", "rsa"].map((type) => keyPair(dir, type, host.name, markOf(plan))),
  );
  await rm(dir, { recursive: true });
  return pairs.flat();
}

async function keyPair(
  dir: string,
  type: string,
  hostName: string,
  env: Readonly<Record<string, string>>,
): Promise<ImageFile[]> {
  const name = `ssh_host_${type}_key`;
  const file = join(dir, name);
  await runOk(["ssh-keygen", "-q", "-t", type, "-N", "", "-C", `root@${hostName}`, "-f", file], { env });
  return [
    { path: `/etc/ssh/${name}`, mode: 0o600, content: await readFile(file, "utf8") },
    { path: `/etc/ssh/${name}.pub`, content: await readFile(`${file}.pub`, "utf8") },
  ];
}
