import { mkdir } from "node:fs/promises";
import { UserError } from "../../src/errors.ts";
import { runOk } from "../../src/host/run.ts";
import type { LabPlan } from "../plan.ts";
import { destroyFabric, existingNamespaces } from "./destroy.ts";
import { createEdge } from "./edge.ts";
import { inNamespace } from "./in-namespace.ts";
import { namespacesOf, runDir } from "./namespaces.ts";
import { addressBatches, type Batch, deviceBatches } from "./network-commands.ts";
import { createRouter } from "./router.ts";

/**
 * Makes the networks of a lab: all namespaces, the hosts' ports on the lab's internet, the LANs of the
 * sites and their routers. Nothing passes between the ports before `startRelay`. Touches no device, route
 * or rule of the machine's own network: every device is made inside a namespace of the lab. What it made is
 * taken away again when it fails (E_COMMAND_FAILED). Throws E_LAB_EXISTS when there are networks of that lab.
 */
export async function createFabric(plan: LabPlan): Promise<void> {
  const [existing] = await existingNamespaces(plan);
  if (existing) {
    throw new UserError(
      "E_LAB_EXISTS",
      `networks of the lab "${plan.name}" are there already (${existing})`,
      {
        likely: "it still runs, or it was killed and not taken down",
        mend: `npm run lab -- --name ${plan.name} down`,
      },
    );
  }
  try {
    await runOk(["ip", "-batch", "-"], {
      input: lines(namespacesOf(plan).map((name) => `netns add ${name}`)),
    });
    await mkdir(runDir(plan), { recursive: true, mode: 0o700 });
    await Promise.all(deviceBatches(plan).map(runBatch));
    await Promise.all([
      ...addressBatches(plan).map(runBatch),
      ...plan.ports.map((port) => switchOffloadsOff(port.namespace)),
      ...plan.sites.filter((site) => site.nat).map(createRouter),
      createEdge(plan.internet.namespace),
    ]);
  } catch (error) {
    await destroyFabric(plan);
    throw error;
  }
}

async function runBatch({ namespace, lines: commands }: Batch): Promise<void> {
  await runOk(["ip", "-n", namespace, "-batch", "-"], { input: lines(commands) });
}

/** With offloads on, packets leave with their inner checksums unwritten (contracts: Fabric). */
async function switchOffloadsOff(namespace: string): Promise<void> {
  await runOk(inNamespace(namespace, ["ethtool", "-K", "wan0", "tx", "off", "gso", "off", "tso", "off"]));
}

function lines(commands: readonly string[]): string {
  return `${commands.join("\n")}\n`;
}
