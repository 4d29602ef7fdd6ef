import type { StepDisplay } from "../steps/apply.ts";
import type { Talk } from "./talk.ts";

/** Shows steps as lines of the report. */
export function applyDisplay(talk: Talk): StepDisplay {
  return {
    begin(title, usually) {
      const phase = talk.phase("", `${title} (${usually})`);
      return {
        doing: (words) => phase.doing(`${title}: ${words} (${usually})`),
        end: (result) => phase.ok(`${title}: ${result}`),
      };
    },
  };
}
