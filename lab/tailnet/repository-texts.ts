import { createHash } from "node:crypto";

export interface Checksums {
  readonly size: number;
  readonly sha256: string;
}

export function packageChecksums(content: Uint8Array): Checksums {
  return { size: content.byteLength, sha256: createHash("sha256").update(content).digest("hex") };
}

/** A package's entry in a Packages file: its control fields, then where it lies and what it weighs. */
export function indexEntry(control: string, filename: string, { size, sha256 }: Checksums): string {
  return `${control.trimEnd()}\nFilename: ${filename}\nSize: ${size}\nSHA256: ${sha256}\n`;
}

/** The Release file of one suite, in the fields that apt reads. */
export function releaseText(suite: {
  readonly codename: string;
  readonly architecture: string;
  readonly date: Date;
  /** Path below the suite, and content. */
  readonly indexes: Readonly<Record<string, Uint8Array>>;
}): string {
  const sums = Object.entries(suite.indexes).map(([path, content]) => {
    const { sha256, size } = packageChecksums(content);
    return ` ${sha256} ${size} ${path}`;
  });
  return [
    "Origin: Tailscale",
    "Label: Tailscale",
    `Suite: ${suite.codename}`,
    `Codename: ${suite.codename}`,
    // RFC 5322 with a numeric zone or UTC: apt refuses JavaScript's "GMT" in InRelease since 1.9.
    `Date: ${suite.date.toUTCString().replace("GMT", "UTC")}`,
    `Architectures: ${suite.architecture}`,
    "Components: main",
    "Description: Tailscale packages, built by the tailmox lab",
    "SHA256:",
    ...sums,
    "",
  ].join("\n");
}

/** What the vendor offers as /etc/apt/sources.list.d/tailscale.list (tailscale.md 7). */
export function keyringList(codename: string): string {
  return [
    `# Tailscale packages for debian ${codename}`,
    `deb [signed-by=/usr/share/keyrings/tailscale-archive-keyring.gpg] https://pkgs.tailscale.com/stable/debian ${codename} main`,
    "",
  ].join("\n");
}
