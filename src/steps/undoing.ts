import type { Host } from "../host/host.ts";
import type { Step } from "./step.ts";

/** A step whose work is to take another one back. */
export function undoing(
  words: { readonly name: string; readonly title: string; readonly why?: string; readonly usually: string },
  undo: (host: Host) => Promise<void>,
): Step {
  return {
    ...words,
    check: async () => false,
    do: async (host) => {
      await undo(host);
      return "done";
    },
    undo: async () => {},
  };
}
