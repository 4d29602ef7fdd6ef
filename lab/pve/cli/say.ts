import { writeAll } from "../tasks/task.ts";

/** A line on standard output. */
export function say(line: string): void {
  writeAll(1, `${line}\n`);
}

/** A line on standard error; the runtime's console would colour it on a terminal. */
export function complain(line: string): void {
  writeAll(2, `${line}\n`);
}
