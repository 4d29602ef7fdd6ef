import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { runOk } from "../../src/host/run.ts";
import { cacheDir } from "../paths.ts";
import { makeOnce } from "./make-once.ts";
import { ensurePrograms, tailscaleVersion } from "./programs.ts";
import { indexEntry, keyringList, packageChecksums, releaseText } from "./repository-texts.ts";
import { ensureVendorKey, type VendorKey } from "./vendor-key.ts";
import { buildKeyringPackage, buildTailscalePackage, type TailscalePackage } from "./vendor-package.ts";

export interface VendorRepository {
  /** What the vendor's web server serves as its root; holds stable/debian/... */
  readonly directory: string;
  /** Paths of the packages, for a host that has Tailscale from the start. */
  readonly packages: readonly string[];
  /** Path of the public key, to be installed as /usr/share/keyrings/tailscale-archive-keyring.gpg. */
  readonly keyring: string;
}

/** Debian releases under Proxmox VE 8 and 9. */
export const CODENAMES = ["bookworm", "trixie"] as const;

/**
 * Makes the vendor's package repository (tailscale.md 7): real packages of tailscale, signed, in the vendor's
 * layout, in .cache/vendor/DIGEST. `versions` adds others than the pinned one, given as their programs.
 */
export async function ensureVendorRepository(
  progress: (line: string) => void = () => {},
  versions: readonly TailscalePackage[] = [],
): Promise<VendorRepository> {
  const programs = await ensurePrograms(progress);
  const architecture = (await runOk(["dpkg", "--print-architecture"])).trim();
  const pinned = { version: await tailscaleVersion(), architecture, ...programs };
  const wanted = [pinned, ...versions];
  const key = await ensureVendorKey();
  const directory = join(cacheDir, "vendor", await digestOf(wanted, key));
  await makeOnce(directory, async (scratch) => {
    progress(`packing tailscale ${wanted.map((each) => each.version).join(", ")} for apt (usually 5 s)`);
    await fill(scratch, wanted, key);
    await removeOld(dirname(directory));
  });
  const pool = join(directory, POOL);
  return {
    directory,
    packages: (await readdir(pool)).sort().map((file) => join(pool, file)),
    keyring: key.keyring,
  };
}

const DEBIAN = "stable/debian";
const POOL = `${DEBIAN}/pool`;

/** Changes with anything that goes into the repository: programs, key, and the texts in these files. */
async function digestOf(wanted: readonly TailscalePackage[], key: VendorKey): Promise<string> {
  const hash = createHash("sha256").update(await readFile(key.keyring));
  const sources = ["package-files.ts", "vendor-package.ts", "vendor-repository.ts", "repository-texts.ts"];
  for (const source of sources) hash.update(await readFile(join(import.meta.dir, source)));
  for (const { version, tailscale, tailscaled } of wanted) {
    hash.update(version);
    for (const program of [tailscale, tailscaled]) {
      hash.update(new Bun.CryptoHasher("sha256").update(await readFile(program)).digest());
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Each change of a program makes another repository of 18 MB; labs that run may serve the last few. */
async function removeOld(vendor: string): Promise<void> {
  const names = (await readdir(vendor)).filter((name) => !name.startsWith("."));
  const aged = await Promise.all(
    names.map(async (name) => ({ name, made: (await stat(join(vendor, name))).mtimeMs })),
  );
  for (const { name } of aged.toSorted((a, b) => b.made - a.made).slice(KEPT)) {
    await rm(join(vendor, name), { recursive: true, force: true });
  }
}

const KEPT = 4;

async function fill(root: string, wanted: readonly TailscalePackage[], key: VendorKey): Promise<void> {
  const work = join(root, "work");
  await mkdir(join(root, POOL), { recursive: true });
  await mkdir(work);
  const built = [await buildKeyringPackage(key.keyring, work)];
  for (const each of wanted) built.push(await buildTailscalePackage(each, work));
  for (const file of built) await rename(file, join(root, POOL, basename(file)));
  await rm(work, { recursive: true });

  const entries = await Promise.all(built.map((file) => entryOf(join(root, POOL, basename(file)))));
  const architecture = wanted[0]?.architecture ?? "amd64";
  for (const codename of CODENAMES) {
    await writeSuite(root, codename, architecture, `${entries.join("\n")}\n`, key);
    await copyFile(key.keyring, join(root, DEBIAN, `${codename}.noarmor.gpg`));
    await writeFile(join(root, DEBIAN, `${codename}.tailscale-keyring.list`), keyringList(codename));
  }
}

async function entryOf(file: string): Promise<string> {
  const control = await runOk(["dpkg-deb", "--field", file]);
  return indexEntry(control, `pool/${basename(file)}`, packageChecksums(await readFile(file)));
}

async function writeSuite(
  root: string,
  codename: string,
  architecture: string,
  packages: string,
  key: VendorKey,
): Promise<void> {
  const suite = join(root, DEBIAN, "dists", codename);
  const plain = Buffer.from(packages);
  const indexes = {
    [`main/binary-${architecture}/Packages`]: plain,
    [`main/binary-${architecture}/Packages.gz`]: gzipSync(plain),
  };
  for (const [path, content] of Object.entries(indexes)) {
    await mkdir(dirname(join(suite, path)), { recursive: true });
    await writeFile(join(suite, path), content);
  }
  await writeFile(join(suite, "Release"), releaseText({ codename, architecture, date: new Date(), indexes }));
  await key.sign(join(suite, "Release"));
}
