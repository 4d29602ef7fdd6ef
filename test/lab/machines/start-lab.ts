// A lab's start as a program of its own, to be killed half way: start-lab.ts NAME.
import { planOf, start } from "./lab-of.ts";

await start(planOf(process.argv[2] ?? ""));
