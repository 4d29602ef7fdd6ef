import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLock } from "../../../../lab/images/lock.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tailmox-lock-"));
});
afterAll(() => rm(dir, { recursive: true }));

describe("the lock on an image", () => {
  test("lets one in at a time, and hands on what the work gives", async () => {
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} in`);
      await Bun.sleep(50);
      order.push(`${name} out`);
      return name;
    };
    const file = join(dir, "one");
    const results = await Promise.all(["a", "b", "c"].map((name) => withLock(file, work(name))));
    expect(results).toEqual(["a", "b", "c"]);
    for (let i = 0; i < order.length; i += 2) {
      expect(order[i + 1]).toBe(order[i]?.replace("in", "out") ?? "");
    }
  });

  test("is free again when the work fails", async () => {
    const file = join(dir, "failing");
    await expect(withLock(file, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await withLock(file, async () => "again")).toBe("again");
  });

  test("is free again when its holder is killed", async () => {
    const file = join(dir, "killed");
    const module = join(import.meta.dir, "../../../../lab/images/lock.ts");
    const code = `import { withLock } from ${JSON.stringify(module)};
      await withLock(${JSON.stringify(file)}, async () => { console.log("held"); await Bun.sleep(60_000); });`;
    const holder = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    const ended = once(holder, "exit");
    holder.kill("SIGKILL");
    await ended;
    expect(await withLock(file, async () => "free", undefined, 5_000)).toBe("free");
  });

  test("is not waited for without end", async () => {
    const file = join(dir, "held");
    await withLock(file, async () => {
      await expect(withLock(file, async () => "never", undefined, 200)).rejects.toMatchObject({
        code: "E_LAB_BUSY",
      });
    });
  });
});
