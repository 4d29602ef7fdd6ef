import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guardScript } from "../../../../src/tune/guard-script.ts";

/**
 * The guard itself, in a folder that plays the host: corosync's and systemd's programs are small real programs that
 * look at files there. Its 20 s of patience are 2.
 */
describe("the guard of a tuning", () => {
  let root = "";
  let guard: Bun.Subprocess | undefined;
  const id = "00112233445566ff";
  const at = (path: string) => join(root, path);
  const read = (path: string) => readFile(at(path), "utf8");
  const isQuorate = (yes: boolean) =>
    yes ? writeFile(at("quorate"), "") : rm(at("quorate"), { force: true });
  const master = (text: string) => writeFile(at("etc/pve/corosync.conf"), text);
  const local = (text: string) => writeFile(at("etc/corosync/corosync.conf"), text);
  const confirm = () => writeFile(at("etc/pve/tailmox-tune.json"), `{\n  "id": "${id}"\n}\n`);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "tailmox-guard-"));
    for (const folder of [
      "bin",
      "etc/pve",
      "etc/corosync",
      "etc/systemd/system",
      `var/lib/tailmox/tune/${id}`,
    ]) {
      await mkdir(at(folder), { recursive: true });
    }
    await writeFile(at("uptime"), "1000.00 0\n");
    await writeFile(at("boot_id"), "boot-1\n");
    await writeFile(at("etc/systemd/system/tailmox-tune.service"), "");
    for (const text of ["old", "new", "back"]) {
      await writeFile(at(`var/lib/tailmox/tune/${id}/${text}.conf`), `${text}\n`);
    }
    await writeFile(at(`var/lib/tailmox/tune/${id}/id`), `${id}\n`);
    await program("corosync-quorumtool", `printf x >>${at("looks")}; test -e ${at("quorate")}`);
    await program("corosync-cfgtool", `echo "$@" >>${at("reloads")}`);
    await program("systemctl", `echo "$*" >>${at("systemctl")}`);
    await program("sync", "exit 0");
  });

  afterEach(async () => {
    guard?.kill("SIGKILL");
    await guard?.exited;
    await rm(root, { recursive: true, force: true });
  });

  async function program(name: string, line: string): Promise<void> {
    await writeFile(at(`bin/${name}`), `#!/bin/sh\n${line}\n`);
    await chmod(at(`bin/${name}`), 0o755);
  }

  /** Starts it as its unit would, with the host's paths below the folder. */
  async function start({ withinS = 90, rank = 0 } = {}): Promise<void> {
    const script = guardScript({ id, rank, withinS })
      .replaceAll("/etc/", `${root}/etc/`)
      .replaceAll("/var/lib/", `${root}/var/lib/`)
      .replaceAll("/proc/uptime", at("uptime"))
      .replaceAll("/proc/sys/kernel/random/boot_id", at("boot_id"))
      .replace("patience=20", "patience=2")
      .replace("sleep 2", "sleep 0.1")
      .replace("sleep 4", "sleep 0.1");
    await writeFile(at("guard.sh"), script);
    guard = Bun.spawn(["sh", at("guard.sh")], {
      env: { PATH: `${at("bin")}:${process.env.PATH ?? ""}` },
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  /** The host's clock goes on by so many seconds. */
  async function pass(seconds: number): Promise<void> {
    const now = Number.parseFloat(await read("uptime"));
    await writeFile(at("uptime"), `${now + seconds}.00 0\n`);
  }

  async function until(what: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 400; tries++) {
      if (await what().catch(() => false)) return;
      await Bun.sleep(50);
    }
    throw new Error(`never came: ${what}`);
  }
  const hasLeft = async () => (await Promise.race([guard?.exited, Bun.sleep(0)])) === 0;
  /** Waits until the guard has begun two more rounds, so that one was whole. */
  async function looksTwice(): Promise<void> {
    const looks = async () => (await read("looks").catch(() => "")).length;
    const before = await looks();
    await until(async () => (await looks()) >= before + 3);
  }

  test("leaves when the new settings are confirmed, and touches nothing", async () => {
    await Promise.all([isQuorate(true), master("new\n"), local("new\n")]);
    await start();
    await looksTwice();
    expect(await hasLeft()).toBe(false);
    await confirm();
    await until(hasLeft);
    expect([await read("etc/pve/corosync.conf"), await read("etc/corosync/corosync.conf")]).toEqual([
      "new\n",
      "new\n",
    ]);
    expect(await read("systemctl")).toBe("disable --quiet tailmox-tune.service\n");
    expect(await Bun.file(at("etc/systemd/system/tailmox-tune.service")).exists()).toBe(false);
  });

  test("gives all members the old settings when the time is over, and reloads twice", async () => {
    await Promise.all([isQuorate(true), master("new\n"), local("new\n")]);
    await start();
    await looksTwice();
    await pass(89);
    await looksTwice();
    expect(await read("etc/pve/corosync.conf")).toBe("new\n");
    await pass(1);
    await until(async () => (await read("etc/pve/corosync.conf")) === "back\n");
    await until(async () => (await read("reloads")) === "-R\n");
    // The local file is the work of pmxcfs; only when it is there the guard may go.
    expect(await hasLeft()).toBe(false);
    await local("back\n");
    await until(hasLeft);
    expect(await read("systemctl")).not.toContain("restart");
  });

  test("members with a later rank let the first one act", async () => {
    await Promise.all([isQuorate(true), master("new\n"), local("new\n")]);
    await start({ rank: 2 });
    await looksTwice();
    await pass(95);
    await looksTwice();
    expect(await read("etc/pve/corosync.conf")).toBe("new\n");
    await pass(10);
    await until(async () => (await read("etc/pve/corosync.conf")) === "back\n");
  });

  test("restarts corosync with the old settings when quorum is missing for its patience, and not before", async () => {
    await Promise.all([isQuorate(true), master("new\n"), local("new\n")]);
    await start();
    await looksTwice();
    await isQuorate(false);
    await looksTwice();
    await pass(1);
    await isQuorate(true);
    await looksTwice();
    await isQuorate(false);
    await looksTwice();
    await pass(1);
    await looksTwice();
    expect(await read("etc/corosync/corosync.conf")).toBe("new\n");
    await pass(1);
    await until(async () => (await read("etc/corosync/corosync.conf")) === "back\n");
    await until(async () => (await read("systemctl")).includes("restart corosync"));
    // Quorate again, but the others still have the new ones: they get the old ones too.
    await isQuorate(true);
    await until(async () => (await read("etc/pve/corosync.conf")) === "back\n");
    await until(hasLeft);
  });

  test("a host that had taken them back alone follows the others when they have confirmed", async () => {
    await Promise.all([isQuorate(false), master("new\n"), local("new\n")]);
    await start();
    await looksTwice();
    await pass(2);
    await until(async () => (await read("etc/corosync/corosync.conf")) === "back\n");
    await confirm();
    await isQuorate(true);
    await until(hasLeft);
    expect(await read("etc/corosync/corosync.conf")).toBe("new\n");
    expect(await read("etc/pve/corosync.conf")).toBe("new\n");
  });

  test("after a reboot the time is over", async () => {
    await Promise.all([isQuorate(true), master("new\n"), local("new\n")]);
    await start();
    await until(async () => (await read(`var/lib/tailmox/tune/${id}/armed`)) === "boot-1 1000\n");
    guard?.kill("SIGKILL");
    await guard?.exited;
    await writeFile(at("boot_id"), "boot-2\n");
    await start();
    await until(async () => (await read("etc/pve/corosync.conf")) === "back\n");
  });

  test("where nothing had been changed it leaves in the end, and nothing is", async () => {
    await Promise.all([isQuorate(true), master("old\n"), local("old\n")]);
    await start();
    await looksTwice();
    expect(await hasLeft()).toBe(false);
    await pass(90);
    await until(hasLeft);
    expect(await read("etc/pve/corosync.conf")).toBe("old\n");
  });

  test("a file that somebody else has made is left alone", async () => {
    await Promise.all([isQuorate(true), master("theirs\n"), local("theirs\n")]);
    await start();
    await looksTwice();
    await pass(90);
    await until(hasLeft);
    expect([await read("etc/pve/corosync.conf"), await read("etc/corosync/corosync.conf")]).toEqual([
      "theirs\n",
      "theirs\n",
    ]);
  });

  test("while /etc/pve is not there it decides nothing", async () => {
    await isQuorate(true);
    await local("new\n");
    await start();
    await looksTwice();
    await pass(200);
    await looksTwice();
    // Not even when publishing was impossible for long: then corosync itself gets the old ones.
    await until(async () => (await read("etc/corosync/corosync.conf")) === "back\n");
    expect(await hasLeft()).toBe(false);
  });
});
