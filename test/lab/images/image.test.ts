import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureImage } from "../../../lab/images/image.ts";
import { cacheDir } from "../../../lab/paths.ts";
import { describeLab } from "../../lab-only.ts";
import { smallImage } from "./small-image.ts";

let dir = "";
const images = async () => (await readdir(dir)).filter((name) => !name.endsWith(".lock")).sort();

describeLab("an image", () => {
  beforeAll(async () => {
    await mkdir(cacheDir, { recursive: true });
    dir = await mkdtemp(join(cacheDir, "test-images-"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  test("whose making was killed half way is noticed and made whole, even while the killed one's child works on", async () => {
    const child = spawn(process.execPath, [join(import.meta.dir, "make-image.ts"), dir], { stdio: "ignore" });
    const ended = once(child, "exit");
    const partial = async () => (await readdir(dir)).find((name) => name.endsWith(".partial"));
    while (!(await partial()) || !existsSync(join(dir, (await partial()) ?? "", "debootstrap"))) {
      await Bun.sleep(50);
    }
    child.kill("SIGKILL");
    await ended;

    const said: string[] = [];
    const [root] = await ensureImage("pve8", (line) => said.push(line), smallImage(dir));
    expect(said.join("\n")).toContain("the last attempt was interrupted");
    expect(await images()).toEqual([root.slice(dir.length + 1)]);
    expect(await readFile(join(root, "etc/debian_version"), "utf8")).toMatch(/^12\./);
    expect(await readFile(join(root, "etc/machine-id"), "utf8")).toBe("");
    expect(await readdir(join(root, "proc"))).toEqual([]);
    expect(existsSync(join(root, "debootstrap"))).toBe(false);
  });

  test("is used again when it is there, by two at once", async () => {
    const said: string[] = [];
    const made = () => ensureImage("pve8", (line) => said.push(line), smallImage(dir));
    const [first, second] = await Promise.all([made(), made()]);
    expect(first).toEqual(second);
    expect(said).toEqual([]);
  });

  test("gets another upper layer, and no other Debian, when the stand-in changes; the old layer goes", async () => {
    const layer = (content: string) => [{ path: "/lib/systemd/x.service", content, mode: 0o600 }];
    const [upper, base] = await ensureImage("pve8", undefined, smallImage(dir, layer("one")));
    expect(await readFile(join(upper, "usr/lib/systemd/x.service"), "utf8")).toBe("one");
    const [other, ...rest] = await ensureImage("pve8", undefined, smallImage(dir, layer("two")));
    expect(rest).toEqual([base ?? ""]);
    expect(await readFile(join(other, "usr/lib/systemd/x.service"), "utf8")).toBe("two");
    expect(await images()).toEqual([other, base ?? ""].map((path) => path.slice(dir.length + 1)).sort());
  });
});
