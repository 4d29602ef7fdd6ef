import type { Host } from "../host/host.ts";

/** One step of a plan. Steps that hold already are skipped, so a second run resumes the first. */
export interface Step {
  /** Two or three words: its name while it runs. */
  readonly name: string;
  /** Its line in the plan. */
  readonly title: string;
  /** Why it is there; undefined when the title says it. */
  readonly why?: string;
  /** How long it usually takes, such as "usually 10-20 s". */
  readonly usually: string;
  /** True when there is nothing to do. */
  check(host: Host): Promise<boolean>;
  /** Does it, and gives the result in words. `doing` tells what goes on right now. */
  do(host: Host, doing: (words: string) => void): Promise<string>;
  /** Takes it back, as far as this host alone can. */
  undo(host: Host): Promise<void>;
}
