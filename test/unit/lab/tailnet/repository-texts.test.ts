import { expect, test } from "bun:test";
import {
  indexEntry,
  keyringList,
  packageChecksums,
  releaseText,
} from "../../../../lab/tailnet/repository-texts.ts";

test("a Release names each index with its size and SHA-256, and its date in UTC", () => {
  const text = releaseText({
    codename: "trixie",
    architecture: "amd64",
    date: new Date("2026-11-23T05:00:00Z"),
    indexes: { "main/binary-amd64/Packages": Buffer.from("abc") },
  });
  expect(text).toContain("\nCodename: trixie\n");
  expect(text).toContain("\nDate: Mon, 23 Nov 2026 05:00:00 UTC\n");
  expect(text).toEndWith(
    "SHA256:\n ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3 main/binary-amd64/Packages\n",
  );
});

test("an entry of Packages is the control file, and where the package lies", () => {
  const sums = packageChecksums(Buffer.from("abc"));
  expect(indexEntry("Package: tailscale\nVersion: 1\n\n", "pool/t.deb", sums)).toBe(
    `Package: tailscale\nVersion: 1\nFilename: pool/t.deb\nSize: 3\nSHA256: ${sums.sha256}\n`,
  );
});

test("the source list is the vendor's line", () => {
  expect(keyringList("bookworm")).toContain(
    "\ndeb [signed-by=/usr/share/keyrings/tailscale-archive-keyring.gpg] https://pkgs.tailscale.com/stable/debian bookworm main\n",
  );
});
