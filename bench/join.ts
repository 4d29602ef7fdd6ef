import { z } from "zod";
import { setStage } from "../proof/up/stage.ts";

/** What Proxmox, corosync and systemd take, by the change that waits for them. */
const THEIRS = /^(pvecm |restart pve-cluster|renew the node's certificate|restart pveproxy)/;

const change = z.object({ event: z.string(), what: z.string().optional(), ms: z.number().optional() });

/** The whole `up` of a staged third host, and how much of it is our own time. */
export async function benchJoin(): Promise<void> {
  const stage = await setStage("bench-join", { defaultLink: { rttMs: 100 } });
  try {
    for (const name of ["pve1", "pve2", "pve3"]) {
      await stage.sh(name, "rm -f /var/log/tailmox.log");
      const started = performance.now();
      const { exitCode, text } = await stage.up(name);
      const wholeS = (performance.now() - started) / 1000;
      if (exitCode !== 0) throw new Error(`up on ${name} ended with ${exitCode}: ${text}`);
      const theirsS = theirs(await stage.sh(name, "cat /var/log/tailmox.log")) / 1000;
      const own = wholeS - theirsS;
      console.log(
        `up on ${name}, 100 ms from the others: ${wholeS.toFixed(1)} s, of these ${theirsS.toFixed(1)} s Proxmox's ` +
          `own, ${own.toFixed(1)} s tailmox's (${(own / theirsS).toFixed(1)} times)  (aim: under 10 s)`,
      );
    }
  } finally {
    await stage.close();
  }
}

/** In ms. One change may stand inside another: only those named above count, none of which holds another. */
function theirs(log: string): number {
  const changes = log.split("\n").flatMap((line) => (line === "" ? [] : [change.parse(JSON.parse(line))]));
  const waits = changes.filter(({ event, what = "" }) => event === "changed" && THEIRS.test(what));
  return waits.reduce((sum, { ms = 0 }) => sum + ms, 0);
}
