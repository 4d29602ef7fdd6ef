import { type DestroyResult, destroyTestbed } from "../../testbed/destroy.ts";
import { assertRoot } from "../assert-root.ts";
import { changeHere } from "../change-here.ts";
import { parseFlags } from "../flags.ts";
import { enterTestbed, namesArgument, planeIfGiven, tailnetFlags } from "../testbed-place.ts";

/** `tailmox testbed destroy`: what the testbed made, after showing it. Gives the exit status. */
export async function runTestbedDestroy(names: unknown, raw: unknown): Promise<number> {
  const flags = parseFlags(tailnetFlags, raw);
  const wanted = namesArgument.parse(names);
  assertRoot();
  return changeHere("tailmox testbed destroy", flags, async (place) => {
    const { ground, company } = await enterTestbed(place);
    const plane = await planeIfGiven(flags, place);
    const result = await destroyTestbed(ground, { ...flags, wanted, plane }, company);
    return { outcome: result.outcome, result, lines: closing(result) };
  });
}

function closing({ outcome, vms, removedDevices }: DestroyResult): string[] {
  if (outcome === "dry run") return ["", "Dry run: nothing was changed."];
  const devices =
    removedDevices.length === 0 ? [] : [`Removed from the tailnet: ${removedDevices.join(", ")}.`];
  return ["", `${vms.length} VMs are destroyed: ${vms.map(({ name }) => name).join(", ")}.`, ...devices];
}
