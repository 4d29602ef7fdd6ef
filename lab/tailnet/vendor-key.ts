import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOk } from "../../src/host/run.ts";
import { cacheDir } from "../paths.ts";
import { makeOnce } from "./make-once.ts";

export interface VendorKey {
  /** Path of the public key as a binary keyring, what apt's signed-by wants. */
  readonly keyring: string;
  /** Signs a Release file: writes InRelease and Release.gpg beside it. */
  readonly sign: (release: string) => Promise<void>;
}

/** The key that signs the lab's package repository: RSA 4096, which apt's gpgv and its sqv both take. */
export async function ensureVendorKey(): Promise<VendorKey> {
  const directory = join(cacheDir, "ca", "vendor-key");
  await makeOnce(directory, (scratch) => withGpgHome((gpg) => makeKey(gpg, scratch)));
  return {
    keyring: join(directory, "public.gpg"),
    sign: (release) =>
      withGpgHome(async (gpg) => {
        await gpg(["--import", join(directory, "secret.asc")]);
        await gpg(["--yes", "--clearsign", "--output", release.replace(/Release$/, "InRelease"), release]);
        await gpg(["--yes", "--armor", "--detach-sign", "--output", `${release}.gpg`, release]);
      }),
  };
}

type Gpg = (argv: readonly string[]) => Promise<string>;

async function makeKey(gpg: Gpg, directory: string): Promise<void> {
  await gpg(["--quick-generate-key", "tailmox lab package repository", "rsa4096", "sign", "never"]);
  await gpg(["--output", join(directory, "public.gpg"), "--export"]);
  // Created with its mode first, so that the secret is at no moment readable by others.
  const secret = join(directory, "secret.asc");
  await writeFile(secret, "", { mode: 0o600 });
  await gpg(["--yes", "--armor", "--output", secret, "--export-secret-keys"]);
}

/** A GnuPG home for one use, in /tmp: its agent's socket has no room in a deep checkout. */
async function withGpgHome(work: (gpg: Gpg) => Promise<void>): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "tailmox-gpg-"));
  try {
    await work((argv) =>
      runOk([
        "gpg",
        "--homedir",
        home,
        "--batch",
        "--quiet",
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "",
        ...argv,
      ]),
    );
  } finally {
    await runOk(["gpgconf", "--homedir", home, "--kill", "all"]);
    await rm(home, { recursive: true, force: true });
  }
}
