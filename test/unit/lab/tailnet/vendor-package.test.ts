import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildTailscalePackage } from "../../../../lab/tailnet/vendor-package.ts";
import { runOk } from "../../../../src/host/run.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tailmox-deb-"));
  await writeFile(join(root, "program"), "#!/bin/sh\n", { mode: 0o700 });
});
afterAll(() => rm(root, { recursive: true }));

async function build(version: string): Promise<string> {
  const program = join(root, "program");
  return buildTailscalePackage(
    { version, architecture: "amd64", tailscale: program, tailscaled: program },
    root,
  );
}

test("the package depends on iptables and carries programs, units and defaults where the vendor's has them", async () => {
  const deb = await build("1.102.3");
  expect(await runOk(["dpkg-deb", "-f", deb, "Package", "Version", "Depends"])).toBe(
    "Package: tailscale\nVersion: 1.102.3\nDepends: iptables\n",
  );
  const files = await runOk(["dpkg-deb", "-c", deb]);
  for (const line of [
    /^-rwxr-xr-x root\/root .* \.\/usr\/bin\/tailscale$/m,
    /^-rwxr-xr-x root\/root .* \.\/usr\/sbin\/tailscaled$/m,
    /^-rw-r--r-- root\/root .* \.\/lib\/systemd\/system\/tailscaled\.service$/m,
    /^-rw-r--r-- root\/root .* \.\/lib\/systemd\/system\/tailscale-online\.target$/m,
    /^-rw-r--r-- root\/root .* \.\/lib\/systemd\/system\/tailscale-wait-online\.service$/m,
    /^-rw-r--r-- root\/root .* \.\/etc\/default\/tailscaled$/m,
  ]) {
    expect(files).toMatch(line);
  }
});

test("a version before 1.96 has no tailscale-online.target, as it has no `tailscale wait`", async () => {
  const files = await runOk(["dpkg-deb", "-c", await build("1.94.2")]);
  expect(files).toContain("tailscaled.service");
  expect(files).not.toContain("tailscale-online.target");
  expect(files).not.toContain("tailscale-wait-online.service");
});

test("an administrator's /etc/default/tailscaled outlives an upgrade: it is a conffile", async () => {
  expect(await runOk(["dpkg-deb", "-I", await build("1.102.3"), "conffiles"])).toBe(
    "/etc/default/tailscaled\n",
  );
});

test("maintainer scripts are valid shell", async () => {
  const deb = await build("1.102.3");
  for (const script of ["postinst", "prerm", "postrm"]) {
    const text = await runOk(["dpkg-deb", "-I", deb, script]);
    await runOk(["sh", "-n"], { input: text });
    expect(text).toContain("set -e");
  }
});
