import { UserError } from "../src/errors.ts";
import { takeDown } from "./down.ts";
import { planLab } from "./plan.ts";
import { progressOn } from "./progress.ts";
import { loadScenario } from "./scenarios/load.ts";
import { labExists } from "./store.ts";
import { clusterHosts } from "./story/cluster-hosts.ts";
import { cutAndReturn } from "./story/cut-and-return.ts";
import { latencyMatrix } from "./story/latency-matrix.ts";
import { tailmoxOn } from "./story/tailmox-on.ts";
import { writeAndRead } from "./story/write-and-read.ts";
import { labUp } from "./up.ts";

/**
 * `npm run demo [-- --keep] [-- --scenario NAME]`: three hosts at three places, bare of Tailscale, become one
 * quorate cluster; then what it looks like, and what happens when one is cut off.
 */
const keep = process.argv.includes("--keep");
const scenarioName = process.argv[process.argv.indexOf("--scenario") + 1] ?? "demo";
const scenario = await loadScenario(process.argv.includes("--scenario") ? scenarioName : "demo");
const name = "demo";
const began = performance.now();
const progress = progressOn((text) => process.stdout.write(text), process.stdout.isTTY === true);

try {
  say(`tailmox demo: ${scenario.summary}`);
  say("Usually 2 minutes; the first time on a machine 10 to 15, most of it building images and programs.");
  if (labExists(name)) {
    say("A demo was there already (kept, or interrupted): it is taken down first.");
    await takeDown(planLab(name, scenario));
  }

  chapter(
    "The lab: real systemd, corosync, sshd, tailscaled; an emulated internet; Proxmox's programs stand in",
  );
  const plan = await labUp(name, scenario, { progress });

  await clusterHosts(plan, { chapter, line: console.log });

  chapter("What pve1 says of it now");
  await tailmoxOn(plan, plan.hosts[0], ["status"], console.log);

  chapter("Round trips in ms: asked of the emulated internet / measured through the tailnet");
  console.log(await latencyMatrix(plan));

  chapter("A file written to /etc/pve on one host, read on another");
  await writeAndRead(plan, console.log);

  chapter("One host cut off, and back again");
  await cutAndReturn(plan, progress);

  say(`Done after ${((performance.now() - began) / 1000).toFixed(0)} s.`);
  if (keep) {
    say("It keeps running. Look around:");
    for (const line of ["status", "shell pve2", "cut pve1 pve3", "heal", "crash pve3", "boot pve3", "down"]) {
      console.log(`  npm run lab -- --name demo ${line}`);
    }
    say(`The web page of pve1: ip netns exec ${plan.hosts[0]?.namespace} curl -k https://127.0.0.1:8006/`);
  } else {
    await progress.step("taking the lab away", "usually 3 s", () => takeDown(plan));
    say("Nothing of it is left. To keep it running: npm run demo -- --keep");
  }
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`\n${error.message}  (${error.code})\n  Likely: ${error.likely}\n  Mend:   ${error.mend}`);
  if (labExists(name))
    console.error("  The wreck is there to look at: npm run lab -- --name demo status  (then: down)");
  process.exitCode = error.exitCode;
}

function chapter(title: string): void {
  console.log(`\n== ${title}`);
}

function say(line: string): void {
  console.log(`\n${line}`);
}
