import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeDown } from "../../../lab/down.ts";
import { bootHost } from "../../../lab/machines/boot.ts";
import { hostExec } from "../../../lab/machines/exec.ts";
import { isRunning, runningInit } from "../../../lab/machines/machine.ts";
import { crashHost } from "../../../lab/machines/power.ts";
import { cacheDir, projectDir } from "../../../lab/paths.ts";
import { runOk } from "../../../src/host/run.ts";
import { describeLab } from "../../lab-only.ts";
import { hostsOf, planOf, script, start } from "./lab-of.ts";

const plan = planOf("power-cut");
const [pve1, pve2] = hostsOf(plan);

describeLab("a power cut", () => {
  beforeAll(() => start(plan));
  afterAll(() => takeDown(plan));

  test("keeps what was synced and loses what was not", async () => {
    await script(plan, pve1, "echo old > /root/changed; echo synced > /root/synced; sync");
    await script(plan, pve1, "echo one > /root/single; sync /root/single");
    await script(plan, pve1, "echo new > /root/changed; echo lost > /root/unsynced");
    await crashHost(plan, pve1);
    expect(await isRunning(plan, pve1)).toBe(false);
    expect((await bootHost(plan, pve1)).state).toBe("running");
    expect(await script(plan, pve1, "cat /root/synced /root/single")).toBe("synced\none\n");
    // ext4 may have committed the name of a new file, never its content; and of the change nothing, or no content.
    expect(await script(plan, pve1, "cat /root/unsynced 2>/dev/null || true")).toBe("");
    expect(["old\n", ""]).toContain(await script(plan, pve1, "cat /root/changed"));
  });

  test("loses nothing that SQLite has committed, and only that", async () => {
    const insert = `sqlite3 /root/db 'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
      CREATE TABLE IF NOT EXISTS t(n); INSERT INTO t VALUES(1)' >/dev/null`;
    for (let round = 1; round <= 3; round++) {
      await script(plan, pve1, insert);
      await crashHost(plan, pve1);
      await bootHost(plan, pve1);
      expect(
        await script(plan, pve1, "sqlite3 /root/db 'SELECT count(*) FROM t; PRAGMA integrity_check'"),
      ).toBe(`${round}\nok\n`);
    }
  });

  test("takes effect at once: a writer gets no further", async () => {
    const writer = hostExec(plan, pve1, [
      "sh",
      "-c",
      "i=0; while i=$((i+1)); echo $i > /root/count && sync /root/count; do echo $i; done",
    ]);
    await Bun.sleep(300);
    await crashHost(plan, pve1);
    const said = (await writer).stdout.trim().split("\n");
    expect(said.length).toBeGreaterThan(5);
    await bootHost(plan, pve1);
    // All that the writer was told is on the disk; one more may be that it was not told any longer.
    const kept = Number(await script(plan, pve1, "cat /root/count"));
    const last = Number(said.at(-1));
    expect([last, last + 1]).toContain(kept);
  });

  test("is silent: a peer's connection stays open, and is refused once the host is up again", async () => {
    const connections = () => script(plan, pve2, "ss -tnH state established dst 192.168.1.11");
    const client = hostExec(
      plan,
      pve2,
      [
        "bash",
        "-c",
        "exec 3<>/dev/tcp/192.168.1.11/22; head -1 <&3; sleep 4; echo hello >&3; sleep 1; cat <&3",
      ],
      { timeoutMs: 15_000 },
    );
    await Bun.sleep(500);
    expect(await connections()).toContain("192.168.1.11:22");
    await crashHost(plan, pve1);
    await Bun.sleep(300);
    expect(await connections()).toContain("192.168.1.11:22");
    await bootHost(plan, pve1);
    expect(await connections()).toContain("192.168.1.11:22");
    expect((await client).stderr).toContain("Connection reset by peer");
  });

  test("ends a FUSE file system whose users wait for ever", async () => {
    const dir = await mkdtemp(join(tmpdir(), "tailmox-hangfs-"));
    const hangfs = join(dir, "hangfs");
    await runOk(["go", "build", "-o", hangfs, "./machines/powercut/testdata/hangfs"], {
      cwd: join(projectDir, "lab"),
      timeoutMs: 120_000,
      env: {
        CGO_ENABLED: "0",
        GOMODCACHE: join(cacheDir, "go/mod"),
        GOCACHE: join(cacheDir, "go/build"),
        GOTOOLCHAIN: "local",
        GOFLAGS: "-modcacherw",
      },
    });
    const init = await runningInit(plan, pve1);
    await runOk(["cp", hangfs, `/proc/${init}/root/root/hangfs`]);
    await rm(dir, { recursive: true });
    await script(plan, pve1, "mkdir -p /root/mnt; systemd-run -q --unit hang /root/hangfs /root/mnt");
    await script(plan, pve1, "until mountpoint -q /root/mnt; do sleep 0.05; done");
    await script(plan, pve1, "systemd-run -q --unit victim cat /root/mnt/hang; sleep 0.3; pgrep -f mnt/hang");
    const since = performance.now();
    await crashHost(plan, pve1);
    expect(performance.now() - since).toBeLessThan(5_000);
    expect((await bootHost(plan, pve1)).state).toBe("running");
  });

  test("does nothing to a host that is off", async () => {
    await crashHost(plan, pve2);
    await crashHost(plan, pve2);
    expect((await bootHost(plan, pve2)).state).toBe("running");
  });
});
