import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { bootHost } from "../../lab/machines/boot.ts";
import { writeHostFile } from "../../lab/machines/files.ts";
import { crashHost } from "../../lab/machines/power.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { poll } from "../../src/host/deadline.ts";
import { describeLab } from "../../test/lab-only.ts";
import { type Stage, setStage } from "./stage.ts";

/** What strikes, and on which host. */
const BLOWS = ["SIGKILL of tailmox", "power cut of the joiner", "power cut of the accepting member"] as const;
type Blow = (typeof BLOWS)[number];

/**
 * Whatever strikes at whichever change of create and of join: afterwards the guard or a second run ends with
 * every host in one quorate cluster, and the members never lost quorum but by their own power cut.
 */
describeLab("tailmox up, struck at each of its changes", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-power-cuts");
  }, 300_000);
  afterAll(() => stage.close(), 60_000);

  describe("create", () => {
    for (const blow of BLOWS.slice(0, 2)) {
      test(
        `a second run ends well after a ${blow}, at every change`,
        () => atEveryChange(create(blow)),
        LONG,
      );
    }
  });

  describe("join", () => {
    beforeAll(async () => {
      await stage.back();
      expect((await stage.up("pve1", "--create")).exitCode).toBe(0);
      expect((await stage.up("pve2")).exitCode).toBe(0);
      await shortenTimers("pve3");
      await stage.keep("two");
    }, 120_000);
    for (const blow of BLOWS) {
      test(
        `the guard or a second run ends well after a ${blow}, at every change`,
        () => atEveryChange(join(blow)),
        LONG,
      );
    }
  });

  interface Trial {
    readonly snapshot: string;
    readonly joiner: string;
    readonly argv: readonly string[];
    readonly blow: Blow;
    readonly expected: { readonly votes: number; readonly hosts: readonly string[] };
  }

  function create(blow: Blow): Trial {
    return {
      snapshot: "staged",
      joiner: "pve1",
      argv: ["--create"],
      blow,
      expected: { votes: 1, hosts: ["pve1"] },
    };
  }

  function join(blow: Blow): Trial {
    return {
      snapshot: "two",
      joiner: "pve3",
      argv: [],
      blow,
      expected: { votes: 3, hosts: ["pve1", "pve2", "pve3"] },
    };
  }

  /** Strikes at the first change, then at the second, until a run ends before its turn to be struck comes. */
  async function atEveryChange(trial: Trial): Promise<void> {
    for (let change = 1; change < 60; change++) {
      if (!(await strikeAt(trial, change))) {
        expect(change).toBeGreaterThan(4);
        return;
      }
    }
    throw new Error("60 changes, and no end");
  }

  /** Gives false when the run had fewer changes. */
  async function strikeAt(trial: Trial, change: number): Promise<boolean> {
    const { joiner, blow } = trial;
    await stage.back(trial.snapshot);
    await stage.sh(joiner, "rm -f /var/log/tailmox.log");
    if (trial.expected.votes === 3) await watchQuorum(["pve1", "pve2"]);
    const running = stage.up(joiner, ...trial.argv);
    const begun = `until [ "$(grep -c '"event":"change"' /var/log/tailmox.log 2>/dev/null)" -ge ${change} ]; do sleep 0.05; done`;
    const first = await Promise.race([
      stage
        .sh(joiner, `timeout 120 bash -c '${begun.replaceAll("'", "'\\''")}'`, 130_000)
        .then(() => "struck" as const),
      running.then(() => "ended" as const),
    ]);
    if (first === "ended") return false;
    const what = (await stage.sh(joiner, 'grep \'"event":"change"\' /var/log/tailmox.log | tail -1')).trim();
    console.log(`== ${blow} at change ${change}: ${what}`);
    await strike(trial);
    await running.catch(() => undefined);
    await recover(trial);
    return true;
  }

  async function strike({ blow, joiner }: Trial): Promise<void> {
    if (blow === "SIGKILL of tailmox") {
      await stage.sh(joiner, "pkill -KILL -x tailmox || true");
      return;
    }
    const struck = blow === "power cut of the joiner" ? joiner : "pve1";
    await crashHost(stage.plan, stage.host(struck));
    await bootHost(stage.plan, stage.host(struck));
  }

  /** What an administrator does: waits for the guard, and runs it again. */
  async function recover({ joiner, argv, blow, expected }: Trial): Promise<void> {
    const free = await poll(150_000, 500, async () =>
      (await stage.holds(joiner, "test ! -e /var/lib/tailmox/guard")) ? true : undefined,
    );
    expect(free).toBe(true);
    const again = await poll(180_000, 5_000, async () => {
      const said = await stage.up(joiner, ...argv);
      return said.exitCode === 0 ? said : undefined;
    });
    expect(again?.exitCode).toBe(0);
    const hosts = expected.hosts.map((name) => stage.host(name));
    await waitForVotes(stage.plan, hosts, { quorate: true, votes: expected.votes });
    expect(await stage.sh(joiner, "cat /etc/pve/corosync.conf")).toContain("token_coefficient: 0");
    if (expected.votes === 3 && blow !== "power cut of the accepting member") {
      for (const member of ["pve1", "pve2"]) expect(await longestWithoutQuorum(member)).toBeLessThan(15);
    }
  }

  /** The guard's own time after a boot is 120 s; here a drop-in makes it 20. */
  async function shortenTimers(name: string): Promise<void> {
    const dropIn = (unit: string) => `/etc/systemd/system/${unit}.d/test.conf`;
    const armed = "[Timer]\nOnActiveSec=\nOnActiveSec=40\n";
    await writeHostFile(stage.plan, stage.host(name), dropIn("tailmox-guard.timer"), armed, 0o644);
    const boot = "[Timer]\nOnBootSec=\nOnBootSec=20\n";
    await writeHostFile(stage.plan, stage.host(name), dropIn("tailmox-guard-boot.timer"), boot, 0o644);
    await stage.sh(name, "sync");
  }

  async function watchQuorum(names: readonly string[]): Promise<void> {
    const watch =
      "while sleep 1; do corosync-quorumtool -s | grep -q '^Quorate: *Yes' && echo yes || echo no; done > /root/quorum";
    for (const name of names) {
      await stage.sh(name, `systemd-run --quiet --collect --unit=watch-quorum bash -c "${watch}"`);
    }
  }

  /** In seconds. */
  async function longestWithoutQuorum(name: string): Promise<number> {
    const seconds = (await stage.sh(name, "cat /root/quorum")).trim().split("\n");
    expect(seconds.length).toBeGreaterThan(5);
    return Math.max(
      ...seconds
        .join("")
        .split("yes")
        .map((span) => span.length / "no".length),
    );
  }
});

const LONG = 3_000_000;
