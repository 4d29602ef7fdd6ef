import { type SwitchResult, switchTestbed } from "../../testbed/switch.ts";
import { assertRoot } from "../assert-root.ts";
import { changeHere } from "../change-here.ts";
import { parseFlags } from "../flags.ts";
import { enterTestbed, namesArgument, testbedFlags } from "../testbed-place.ts";

/** `tailmox testbed start`. Gives the exit status. */
export function runTestbedStart(names: unknown, raw: unknown): Promise<number> {
  return runSwitch("running", names, raw);
}

/** `tailmox testbed stop`. Gives the exit status. */
export function runTestbedStop(names: unknown, raw: unknown): Promise<number> {
  return runSwitch("stopped", names, raw);
}

async function runSwitch(to: "running" | "stopped", names: unknown, raw: unknown): Promise<number> {
  const flags = parseFlags(testbedFlags, raw);
  const wanted = namesArgument.parse(names);
  assertRoot();
  return changeHere(`tailmox testbed ${to === "running" ? "start" : "stop"}`, flags, async (place) => {
    const { ground, company } = await enterTestbed(place);
    const result = await switchTestbed(ground, { ...flags, to, wanted, bootMs: flags.bootTimeout }, company);
    return { outcome: result.outcome, result, lines: closing(result, to) };
  });
}

function closing({ outcome, vms }: SwitchResult, to: "running" | "stopped"): string[] {
  if (outcome === "dry run") return ["", "Dry run: nothing was changed."];
  const state = to === "running" ? "run" : "are off";
  return ["", outcome === "nothing to do" ? `Nothing to do: they ${state}.` : `${vms.length} VMs ${state}.`];
}
