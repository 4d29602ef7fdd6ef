import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mirrorOf } from "../../../../lab/images/mirror.ts";
import { requireSpace } from "../../../../lab/images/space.ts";
import { mergedPath, writeFiles } from "../../../../lab/images/write-files.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tailmox-files-"));
});
afterEach(() => rm(root, { recursive: true }));

describe("files for an image", () => {
  test("are written with content, copy or link, and the mode that is asked for", async () => {
    await writeFile(join(root, "source"), "copied");
    await writeFiles(join(root, "."), [
      { path: "/etc/secret", content: "text", mode: 0o600 },
      { path: "/usr/bin/program", from: join(root, "source"), mode: 0o755 },
      { path: "/etc/systemd/system/x.service", link: "/dev/null" },
    ]);
    expect(await readFile(join(root, "etc/secret"), "utf8")).toBe("text");
    expect((await stat(join(root, "etc/secret"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(root, "usr/bin/program"), "utf8")).toBe("copied");
    expect((await stat(join(root, "usr/bin/program"))).mode & 0o777).toBe(0o755);
    expect(await readlink(join(root, "etc/systemd/system/x.service"))).toBe("/dev/null");
  });

  test("replace what stands in their place, a link as well", async () => {
    await writeFiles(root, [{ path: "/etc/resolv.conf", link: "/somewhere" }]);
    await writeFiles(root, [{ path: "/etc/resolv.conf", content: "nameserver 10.66.0.3\n" }]);
    expect(await readFile(join(root, "etc/resolv.conf"), "utf8")).toBe("nameserver 10.66.0.3\n");
  });

  test("are added to what the layers below have, the uppermost of them", async () => {
    for (const layer of ["upper", "lower"]) {
      await mkdir(join(root, layer, "var"), { recursive: true });
      await writeFile(join(root, layer, "var/status"), `${layer}\n`);
    }
    const lowers = [join(root, "none"), join(root, "upper"), join(root, "lower")];
    await writeFiles(join(root, "."), [{ path: "/var/status", append: "more\n" }], lowers);
    expect(await readFile(join(root, "var/status"), "utf8")).toBe("upper\nmore\n");
  });

  test("make directories with the mode that the layer below gives them", async () => {
    const lower = join(root, "lower");
    await mkdir(join(lower, "root"), { recursive: true });
    await chmod(join(lower, "root"), 0o700);
    await writeFiles(join(root, "."), [{ path: "/root/.ssh/known_hosts", content: "" }], [lower]);
    expect((await stat(join(root, "root"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(root, "root/.ssh"))).mode & 0o777).toBe(0o755);
  });

  test("go to /usr where Debian has links, so that no layer hides /bin or /lib", () => {
    expect(mergedPath("/bin/sh")).toBe("/usr/bin/sh");
    expect(mergedPath("/lib/systemd/system/x")).toBe("/usr/lib/systemd/system/x");
    expect(mergedPath("/etc/lib/x")).toBe("/etc/lib/x");
    expect(mergedPath("/libexec/x")).toBe("/libexec/x");
  });
});

describe("the mirror of an image", () => {
  test("is the one of this machine's Debian, not its security archive and not a vendor's repository", () => {
    const targets = [
      "https://packages.example.com/apt Example Example main",
      "http://deb.example.org/debian-security Debian-Security Debian main",
      "http://ftp.example.org/debian Debian Debian main",
    ];
    expect(mirrorOf(targets.join("\n"))).toBe("http://ftp.example.org/debian");
    expect(mirrorOf("")).toBeUndefined();
  });
});

describe("room on the disk", () => {
  test("that is missing is an error which says how much, before anything is made", async () => {
    await expect(requireSpace(join(root, "image"), 2 ** 40, "the image")).rejects.toMatchObject({
      code: "E_LAB_NO_SPACE",
      message: expect.stringContaining("the image needs 1099511627776 MiB"),
    });
    await requireSpace(join(root, "image"), 1, "the image");
  });
});
