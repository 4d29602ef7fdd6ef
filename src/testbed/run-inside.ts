import type { Argv } from "../host/host.ts";
import type { Ground } from "./ground.ts";
import { findDoor, type Guest, tryGuest } from "./guest.ts";
import { chooseVms, readTestbed, type TestVm } from "./vms.ts";

/** What a command did in one VM; the `result` of `tailmox testbed run --json` is a list of these. */
export interface InsideResult {
  readonly name: string;
  readonly vmid: number;
  /** The command's own status; null when it did not end, or the VM was not reached. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command as root in VMs of the testbed, all at once; tells of each as it ends. */
export async function runInside(
  ground: Ground,
  { wanted, argv, timeoutMs }: { wanted: readonly string[]; argv: Argv; timeoutMs: number },
  onEnd: (result: InsideResult) => void,
): Promise<InsideResult[]> {
  const vms = chooseVms((await readTestbed(ground.host, ground.node)).vms, wanted);
  return Promise.all(
    vms.map(async (vm) => {
      const result = await runIn(ground, vm, argv, timeoutMs).catch((error: unknown) => ({
        exitCode: null,
        stdout: "",
        stderr: error instanceof Error ? error.message : String(error),
      }));
      const { exitCode, stdout, stderr } = result;
      const told = { name: vm.name, vmid: vm.vmid, exitCode, stdout, stderr };
      onEnd(told);
      return told;
    }),
  );
}

async function runIn(ground: Ground, vm: TestVm, argv: Argv, timeoutMs: number) {
  const guest = await tryGuest(ground, vm);
  if (!guest) throw new Error("neither its guest agent nor its ssh answers");
  const inside = (await bySsh(ground, guest)) ?? guest.inside;
  const change = { what: `run ${argv[0]} in ${vm.name}`, undo: "tailmox testbed revert" };
  const result = await inside.change(change, (writer) => writer.run(argv, { timeoutMs }));
  if (!result.timedOut) return result;
  return { ...result, exitCode: null, stderr: `${result.stderr}it was ended after ${timeoutMs / 1000} s\n` };
}

/** The agent cuts long output short, and ends with what it was asked for: ssh where it can be had. */
async function bySsh(ground: Ground, guest: Guest) {
  const door = await findDoor(ground, guest).catch(() => undefined);
  if (!door) return undefined;
  const inside = ground.host.other(ground.ssh(guest.vm.name, door.address, door.key));
  return (await inside.run(["true"], { timeoutMs: 10_000 })).exitCode === 0 ? inside : undefined;
}
