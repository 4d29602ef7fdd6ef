import type { Host } from "../host/host.ts";
import type { Step } from "./step.ts";

/** How a step under way is shown. */
export interface StepDisplay {
  begin(title: string, usually: string): { doing(words: string): void; end(result: string): void };
}

/** Does the steps in their order, each only where it does not hold already. Gives how many were done. */
export async function applySteps(host: Host, steps: readonly Step[], display: StepDisplay): Promise<number> {
  let done = 0;
  for (const step of steps) {
    const shown = display.begin(step.title, step.usually);
    if (await step.check(host)) {
      shown.end("holds already");
      continue;
    }
    shown.end(await step.do(host, shown.doing));
    done += 1;
  }
  return done;
}
