import { z } from "zod";
import { assertSnapshotName } from "../../testbed/names.ts";
import { type RevertResult, revertTestbed } from "../../testbed/revert.ts";
import { alignColumns } from "../../up/table.ts";
import { assertRoot } from "../assert-root.ts";
import { changeHere } from "../change-here.ts";
import { parseFlags } from "../flags.ts";
import { enterTestbed, namesArgument, planeIfGiven, tailnetFlags } from "../testbed-place.ts";

/** `tailmox testbed revert`: VMs back to their snapshot, started and waited for. Gives the exit status. */
export async function runTestbedRevert(names: unknown, raw: unknown): Promise<number> {
  const flags = parseFlags(revertFlags, raw);
  const wanted = namesArgument.parse(names);
  if (flags.snapshot !== undefined) assertSnapshotName(flags.snapshot);
  assertRoot();
  return changeHere("tailmox testbed revert", flags, async (place) => {
    const { ground, company } = await enterTestbed(place);
    const wishes = {
      ...flags,
      wanted,
      snapshot: flags.snapshot,
      plane: await planeIfGiven(flags, place),
      bootMs: flags.bootTimeout,
    };
    const result = await revertTestbed(ground, wishes, company);
    return { outcome: result.outcome, result, lines: closing(result, wishes.plane !== undefined) };
  });
}

const revertFlags = tailnetFlags.extend({ snapshot: z.string().optional() });

function closing({ outcome, vms, removedDevices }: RevertResult, asked: boolean): string[] {
  if (outcome === "dry run") return ["", "Dry run: nothing was changed."];
  const devices = asked
    ? `Removed from the tailnet: ${removedDevices.join(", ") || "nothing"}.`
    : "Without --credentials the tailnet may still list what these VMs were.";
  return [
    "",
    `${vms.length} VMs are back, and run.`,
    ...alignColumns(vms.map(({ name, vmid, snapshot }) => [`  ${name}`, `VM ${vmid}`, snapshot])),
    devices,
    "Next: tailmox testbed status",
  ];
}
