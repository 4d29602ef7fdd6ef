import { chmod, chown, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "../../src/host/run.ts";
import { imageForHost, type Lowers } from "../images/image.ts";
import type { ImageFile } from "../images/recipe.ts";
import { requireSpace } from "../images/space.ts";
import { writeFiles } from "../images/write-files.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { markOf } from "../processes.ts";
import { identityFiles } from "./host-files.ts";
import { diskImage } from "./machine.ts";
import { withShared } from "./shared-layer.ts";
import { sshHostKeys } from "./ssh-keys.ts";

export interface PrepareOptions {
  /** Further files for the host, over those that every host of a lab gets; those with `from` it shares with others. */
  readonly files?: readonly ImageFile[];
  readonly progress?: (line: string) => void;
}

/**
 * Makes a host's disk (8 GiB, sparse: a new one takes about 5 MiB), with all that makes the host itself.
 * The host must be off. Throws E_LAB_NO_SPACE, and what `ensureImage` throws.
 */
export async function prepareHost(
  plan: LabPlan,
  host: HostPlan,
  options: PrepareOptions = {},
): Promise<void> {
  await requireSpace(diskImage(host), DISK_MIB, `the disk of ${host.name}`);
  await mkdir(host.dir, { recursive: true });
  const all = options.files ?? [];
  const given = all.filter(({ from }) => from === undefined);
  const copied = all.filter(({ from }) => from !== undefined);
  const lowers = await withShared(plan, await imageForHost(host, options.progress), copied);
  await rememberImage(host, lowers);
  const files = [
    ...(await identityFiles(plan, host, lowers, given)),
    ...(await sshHostKeys(plan, host)),
    ...given,
  ];
  await makeDisk(plan, host, files, lowers);
}

/** MiB of room that a host must find: what a demo writes to a disk (60), and some. */
const DISK_MIB = 200;

/** What the host runs on, for as long as it exists: an upper layer is worth nothing over another lower one. */
async function rememberImage(host: HostPlan, lowers: Lowers): Promise<void> {
  await writeFile(join(host.dir, "image.json"), `${JSON.stringify({ lowers }, null, 2)}\n`);
}

/** The disk holds the upper directory of an overlay; mke2fs fills it, so that nothing needs to be mounted. */
async function makeDisk(
  plan: LabPlan,
  host: HostPlan,
  files: readonly ImageFile[],
  lowers: Lowers,
): Promise<void> {
  const seed = join(host.dir, "seed");
  const image = `${diskImage(host)}.partial`;
  await rm(seed, { recursive: true, force: true });
  await rm(image, { force: true });
  await mkdir(join(seed, "upper"), { recursive: true });
  await mkdir(join(seed, "work"));
  // It becomes the host's /, whatever the umask here.
  await chmod(join(seed, "upper"), 0o755);
  await writeFiles(join(seed, "upper"), files, lowers);
  // Debian's group "shadow" is 42 everywhere (base-passwd).
  await chown(join(seed, "upper/etc/shadow"), 0, 42);
  const lazily = "lazy_itable_init=1,lazy_journal_init=1,nodiscard";
  await runOk(["mkfs.ext4", "-q", "-F", "-E", lazily, "-d", seed, image, "8G"], { env: markOf(plan) });
  await rm(seed, { recursive: true });
  await rename(image, diskImage(host));
}
