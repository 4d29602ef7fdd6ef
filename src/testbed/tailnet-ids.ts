import type { Reader } from "../host/host.ts";
import { readTailnet } from "../tailnet/facts.ts";
import type { Ground } from "./ground.ts";
import type { Guest } from "./guest.ts";
import { type RecordedDevice, withDevice } from "./mark.ts";
import { type TestVm, updateMark } from "./vms.ts";

/** What a VM is in its tailnet now; undefined when it is in none. Throws E_TAILSCALE_DOWN where it cannot be known. */
export async function readDevice(inside: Reader): Promise<RecordedDevice | undefined> {
  const facts = await readTailnet(inside);
  if (facts.kind !== "answers") return undefined;
  const { id, address } = facts.status.self;
  if (id === "" || address === undefined) return undefined;
  return { id, address, server: facts.prefs.loginServer };
}

/**
 * Notes in the VM's mark what it is in the tailnet, so that it can be removed there later. Not before the VM has an
 * identity of its own: a fresh clone still shows its template's device.
 */
export async function noteDevice(ground: Ground, { vm, inside }: Guest): Promise<TestVm> {
  if (vm.mark.stage !== "named" && vm.mark.stage !== "ready") return vm;
  const device = await readDevice(inside).catch(() => undefined);
  return device ? updateMark(ground, vm, (mark) => withDevice(mark, device)) : vm;
}
