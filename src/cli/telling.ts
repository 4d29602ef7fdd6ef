import type { Journal } from "../host/journal.ts";
import type { Screen } from "./screen.ts";

/** Keeps the journal, and tells every change and command as well. */
export function telling(journal: Journal, screen: Screen): Journal {
  return {
    ...journal,
    write(entry) {
      journal.write(entry);
      const { event, what, undo, argv, exit, ms, method, path, status } = entry;
      if (event === "change") screen.note(`change: ${what} (to undo: ${undo})`);
      if (event === "run" && Array.isArray(argv))
        screen.note(`ran: ${argv.join(" ")} (exit ${exit}, ${ms} ms)`);
      if (event === "request") screen.note(`asked: ${method} ${path} (${status}, ${ms} ms)`);
    },
  };
}
