import type { Host } from "../host/host.ts";
import { uninterrupted } from "../host/interrupt.ts";
import type { Step } from "./step.ts";

/** How a step under way is shown. */
export interface StepDisplay {
  /** `count` is such as "2 of 4". */
  step(count: string, name: string, usually: string): ShownStep;
}

export interface ShownStep {
  /** What goes on right now. */
  doing(words: string): void;
  ok(result: string): void;
}

/** Does the steps in their order, each only where it does not hold already. Gives how many were done. */
export async function applySteps(host: Host, steps: readonly Step[], display: StepDisplay): Promise<number> {
  let done = 0;
  for (const [index, step] of steps.entries()) {
    const shown = display.step(`${index + 1} of ${steps.length}`, step.name, step.usually);
    if (await step.check(host)) {
      shown.ok("holds already");
      continue;
    }
    // Whole, with all changes that it is made of: a Ctrl-C ends the run between two steps.
    shown.ok(await uninterrupted(() => step.do(host, shown.doing)));
    done += 1;
  }
  return done;
}
