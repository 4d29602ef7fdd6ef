import { expect } from "bun:test";
import { bootHost } from "../../lab/machines/boot.ts";
import { writeHostFile } from "../../lab/machines/files.ts";
import { crashHost } from "../../lab/machines/power.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { poll } from "../../src/host/deadline.ts";
import type { Stage } from "./stage.ts";

/** What strikes while `up` changes things. */
export type Blow = "SIGKILL of tailmox" | "power cut of this host" | "power cut of the accepting member";

export interface Trial {
  /** Where each run begins. */
  readonly snapshot: string;
  readonly host: string;
  readonly blow: Blow;
  /** The members in the end; the first is the one that accepts, all but the last were there before. */
  readonly members: readonly string[];
}

/**
 * Strikes at the first change of `tailmox up`, then at the second, until a run ends before it is struck. After each,
 * the guard or a second run has to end with all members in one quorate cluster with long timers, each with the names
 * of all, and members must not have lost quorum but by their own power cut.
 */
export async function strikeAtEveryChange(stage: Stage, trial: Trial): Promise<void> {
  for (let change = 1; change < 60; change++) {
    if (!(await strikeAt(stage, trial, change))) {
      expect(change).toBeGreaterThan(4);
      return;
    }
  }
  throw new Error("60 changes, and no end");
}

/** Gives false when the run had fewer changes. */
async function strikeAt(stage: Stage, trial: Trial, change: number): Promise<boolean> {
  const { host, blow, members } = trial;
  await stage.back(trial.snapshot);
  await stage.sh(host, "rm -f /var/log/tailmox.log");
  const standing = members.slice(0, -1);
  for (const member of standing) await watchQuorum(stage, member);
  const running = stage.up(host);
  const first = await Promise.race([
    stage.sh(host, `timeout 120 bash -c '${untilChange(change)}'`, 130_000).then(() => "struck" as const),
    running.then(() => "ended" as const),
  ]);
  if (first === "ended") return false;
  console.log(`== ${blow} at change ${change}: ${await lastChange(stage, host)}`);
  await strike(stage, trial);
  await running.catch(() => undefined);
  await recover(stage, trial);
  if (blow === "power cut of the accepting member") return true;
  for (const member of standing) expect(await longestWithoutQuorum(stage, member)).toBeLessThan(15);
  return true;
}

function untilChange(change: number): string {
  const count = 'grep -c "\\"event\\":\\"change\\"" /var/log/tailmox.log 2>/dev/null';
  return `until [ "$(${count})" -ge ${change} ]; do sleep 0.05; done`;
}

async function lastChange(stage: Stage, host: string): Promise<string> {
  const line = await stage.sh(host, `grep '"event":"change"' /var/log/tailmox.log | tail -n 1`);
  return /"what":"([^"]*)"/.exec(line)?.[1] ?? line;
}

async function strike(stage: Stage, { blow, host, members }: Trial): Promise<void> {
  if (blow === "SIGKILL of tailmox") {
    await stage.sh(host, "pkill -KILL -x tailmox || true");
    return;
  }
  const struck = blow === "power cut of this host" ? host : (members[0] ?? host);
  await crashHost(stage.plan, stage.host(struck));
  await bootHost(stage.plan, stage.host(struck));
}

/** What an administrator does: runs it again, and once more where it says that the guard has to end first. */
async function recover(stage: Stage, { host, members }: Trial): Promise<void> {
  const again = await poll(330_000, 5_000, async () =>
    (await stage.up(host)).exitCode === 0 ? true : undefined,
  );
  expect(again).toBe(true);
  const hosts = members.map((name) => stage.host(name));
  await waitForVotes(stage.plan, hosts, { quorate: true, votes: members.length });
  expect(await stage.sh(host, "cat /etc/pve/corosync.conf")).toContain("token_coefficient: 0");
  expect(await stage.holds(host, "test -e /var/lib/tailmox/guard")).toBe(false);
  const knowsAll = members.map((name) => `getent ahostsv4 ${name} | grep -q '^100[.]64[.]'`).join(" && ");
  for (const member of members) expect([member, await stage.holds(member, knowsAll)]).toEqual([member, true]);
}

/** The guard's own times are minutes; here a drop-in makes them seconds. The shipped ones are a unit test's. */
export async function shortenGuard(stage: Stage, name: string): Promise<void> {
  const dropIn = (unit: string) => `/etc/systemd/system/${unit}.d/test.conf`;
  const armed = "[Timer]\nOnActiveSec=\nOnActiveSec=40\n";
  await writeHostFile(stage.plan, stage.host(name), dropIn("tailmox-guard.timer"), armed, 0o644);
  const boot = "[Timer]\nOnBootSec=\nOnBootSec=20\n";
  await writeHostFile(stage.plan, stage.host(name), dropIn("tailmox-guard-boot.timer"), boot, 0o644);
  await stage.sh(name, "sync");
}

async function watchQuorum(stage: Stage, member: string): Promise<void> {
  const look = "corosync-quorumtool -s | grep -q '^Quorate: *Yes' && echo yes || echo no";
  const watch = `while sleep 1; do ${look}; done > /root/quorum`;
  await stage.sh(member, `systemd-run --quiet --collect --unit=watch-quorum bash -c "${watch}"`);
}

/** In seconds. */
async function longestWithoutQuorum(stage: Stage, member: string): Promise<number> {
  const seconds = (await stage.sh(member, "cat /root/quorum")).trim().split("\n");
  expect(seconds.length).toBeGreaterThan(5);
  const spans = seconds.join("").split("yes");
  return Math.max(...spans.map((span) => span.length / "no".length));
}
