import { expect } from "bun:test";
import { type Stage, setStage } from "./stage.ts";
import { type Blow, shortenGuard, type Trial } from "./strike.ts";

/** Two members, and a third host on the threshold, as the snapshot "two". */
export async function setThreshold(name: string): Promise<Stage> {
  const stage = await setStage(name);
  expect((await stage.up("pve1")).exitCode).toBe(0);
  expect((await stage.up("pve2")).exitCode).toBe(0);
  await shortenGuard(stage, "pve3");
  await stage.keep("two");
  return stage;
}

/** The third host's join, struck. */
export function joinStruckBy(blow: Blow): Trial {
  return { snapshot: "two", host: "pve3", blow, members: ["pve1", "pve2", "pve3"] };
}
