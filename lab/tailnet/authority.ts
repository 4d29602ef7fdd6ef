import { createHash } from "node:crypto";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "../../src/host/run.ts";
import { cacheDir } from "../paths.ts";
import { makeOnce } from "./make-once.ts";

/** Paths of a certificate and its private key, both PEM; the key has mode 0600. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** The lab's certificate authority, which every host of a lab trusts and nobody else does. Made once. */
export async function ensureAuthority(): Promise<CertificateFiles> {
  const directory = join(cacheDir, "ca", "authority");
  await makeOnce(directory, (scratch) =>
    makeCertificate(filesIn(scratch), "tailmox lab authority", 3650, [
      "basicConstraints=critical,CA:TRUE",
      "keyUsage=critical,keyCertSign,cRLSign",
    ]),
  );
  return filesIn(directory);
}

/**
 * A server certificate of the lab's authority for `names`, IPv4 addresses among them. Made once per set
 * of names, and again after a year: clients refuse server certificates that live longer.
 */
export async function ensureServerCertificate(
  names: readonly [string, ...string[]],
  year = new Date().getUTCFullYear(),
): Promise<CertificateFiles> {
  const authority = await ensureAuthority();
  const digest = createHash("sha256")
    .update(`${names.join("\0")}\0${year}\0`)
    .update(await readFile(authority.certificate))
    .digest("hex")
    .slice(0, 12);
  const directory = join(cacheDir, "ca", `${names[0]}-${digest}`);
  const authorityArguments = ["-CA", authority.certificate, "-CAkey", authority.key];
  await makeOnce(directory, (scratch) =>
    makeCertificate(
      filesIn(scratch),
      names[0],
      397,
      [
        "basicConstraints=critical,CA:FALSE",
        "extendedKeyUsage=serverAuth",
        `subjectAltName=${names.map(alternativeName).join(",")}`,
      ],
      authorityArguments,
    ),
  );
  return filesIn(directory);
}

/** A name as openssl writes it in a subjectAltName. */
export function alternativeName(name: string): string {
  return /^[0-9.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`;
}

async function makeCertificate(
  files: CertificateFiles,
  commonName: string,
  days: number,
  extensions: readonly string[],
  authority: readonly string[] = [],
): Promise<void> {
  await runOk([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", files.key, "-out", files.certificate, "-subj", `/CN=${commonName}`, "-days", String(days)],
    ...extensions.flatMap((extension) => ["-addext", extension]),
    ...authority,
  ] as const satisfies [string, ...string[]]);
  await chmod(files.key, 0o600);
}

function filesIn(directory: string): CertificateFiles {
  return { certificate: join(directory, "cert.pem"), key: join(directory, "key.pem") };
}
