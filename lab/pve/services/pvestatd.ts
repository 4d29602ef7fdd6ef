import { textOf } from "../errors.ts";
import { ownStates, STATES_KEY } from "../guests/told-states.ts";
import { LOAD_KEY, measureLoad } from "../node/load.ts";
import { openNode } from "../node/pve-node.ts";
import { untilTerminated } from "./until-terminated.ts";

/** Seconds between two broadcasts, as with Proxmox. */
const INTERVAL_SECONDS = 10;

/** Tells the other members every ten seconds how this node does. */
export async function pvestatdMain(): Promise<number> {
  const node = await openNode();
  let running = true;
  const loop = async () => {
    while (running) {
      await Promise.all([
        measureLoad().then((load) => node.pmxcfs.publish(LOAD_KEY, JSON.stringify(load))),
        ownStates(node).then((states) => node.pmxcfs.publish(STATES_KEY, JSON.stringify(states))),
      ]).catch((error: unknown) => console.error(`status update error: ${textOf(error)}`));
      await Bun.sleep(INTERVAL_SECONDS * 1_000);
    }
  };
  loop().catch((error: unknown) => console.error(error));
  await untilTerminated();
  running = false;
  return 0;
}
