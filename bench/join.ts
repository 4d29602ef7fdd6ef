import { z } from "zod";
import { crashHost } from "../lab/machines/power.ts";
import { type Stage, setStage } from "../proof/up/stage.ts";
import { poll } from "../src/host/deadline.ts";

/** What Proxmox, corosync and systemd take, by the change that waits for them. */
const THEIRS = /^(pvecm |restart pve-cluster|renew the node's certificate|restart pveproxy)/;

const event = z.object({
  time: z.iso.datetime(),
  event: z.string(),
  what: z.string().optional(),
  ms: z.number().optional(),
  argv: z.array(z.string()).default([]),
  exit: z.number().nullish(),
});

/** The whole `up` of a staged third host, how much of it is our own time, and what `up` takes where it changes nothing. */
export async function benchJoin(): Promise<void> {
  const stage = await setStage("bench-join", { defaultLink: { rttMs: 100 } });
  try {
    for (const name of ["pve1", "pve2", "pve3"]) {
      const { wholeS, theirsS } = await timeUp(stage, name, 0);
      const own = wholeS - theirsS;
      console.log(
        `up on ${name}, 100 ms from the others: ${wholeS.toFixed(1)} s, of these ${theirsS.toFixed(1)} s Proxmox's ` +
          `own, ${own.toFixed(1)} s tailmox's (${(own / theirsS).toFixed(1)} times)  (aim: under 10 s)`,
      );
    }
    const again = await timeUp(stage, "pve3", 0);
    console.log(`up on pve3 again, a member with nothing to do: ${again.wholeS.toFixed(1)} s`);
    await stage.back();
    await stage.sh("pve3", "systemctl stop tailscaled");
    if (!(await isOffline(stage, "pve3"))) throw new Error("headscale does not notice that pve3 is off");
    const off = await timeUp(stage, "pve1", 4);
    console.log(`refused beside a host that is known to be off: ${off.wholeS.toFixed(1)} s`);
    await stage.back();
    await crashHost(stage.plan, stage.host("pve3"));
    const lately = await timeUp(stage, "pve1", 4);
    console.log(`refused beside a host that has just lost its power: ${lately.wholeS.toFixed(1)} s`);
  } finally {
    await stage.close();
  }
}

/** Throws unless it ends with that status. */
async function timeUp(
  stage: Stage,
  name: string,
  expected: number,
): Promise<{ wholeS: number; theirsS: number }> {
  await stage.sh(name, "rm -f /var/log/tailmox.log");
  const started = performance.now();
  const { exitCode, text } = await stage.up(name);
  const wholeS = (performance.now() - started) / 1000;
  if (exitCode !== expected) throw new Error(`up on ${name} ended with ${exitCode}: ${text}`);
  return { wholeS, theirsS: theirs(await stage.sh(name, "cat /var/log/tailmox.log")) / 1000 };
}

/**
 * In ms: the changes named above, none of which holds another, and after each restart of pve-cluster the time until
 * Proxmox's own tools answer again.
 */
function theirs(log: string): number {
  const events = log.split("\n").flatMap((line) => (line === "" ? [] : [event.parse(JSON.parse(line))]));
  const changed = events.filter(({ event, what = "" }) => event === "changed" && THEIRS.test(what));
  const waits = changed
    .filter(({ what }) => what === "restart pve-cluster")
    .map(({ time }) => {
      const answered = events.find((one) => one.time > time && one.argv[0] === "pvesh" && one.exit === 0);
      return answered ? Date.parse(answered.time) - Date.parse(time) : 0;
    });
  const spent = [...changed.map(({ ms = 0 }) => ms), ...waits];
  return spent.reduce((sum, ms) => sum + ms, 0);
}

async function isOffline(stage: Stage, name: string): Promise<boolean> {
  const script = `tailscale status --json | jq -e '.Peer[] | select(.HostName == "${name}") | .Online == false'`;
  return (
    (await poll(180_000, 2_000, async () => ((await stage.holds("pve1", script)) ? true : undefined))) ??
    false
  );
}
