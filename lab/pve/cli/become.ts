import { spawn } from "node:child_process";
import { complain } from "./say.ts";

/**
 * Runs another program in this one's place, on its streams, and gives its exit status; `quiet` drops its
 * standard output.
 */
export async function become(
  argv: readonly [string, ...string[]],
  options: { quiet?: boolean } = {},
): Promise<number> {
  const [file, ...args] = argv;
  const child = spawn(file, args, { stdio: ["inherit", options.quiet ? "ignore" : "inherit", "inherit"] });
  return await new Promise((resolve) => {
    child.once("error", (error) => {
      complain(error.message);
      resolve(255);
    });
    child.once("exit", (code) => resolve(code ?? 255));
  });
}
