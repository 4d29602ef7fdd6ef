import type { ControlPlane } from "../tailnet/api/control-plane.ts";
import type { Ground } from "./ground.ts";
import { sameDevice } from "./mark.ts";
import { type DeviceHistory, staleTestDevices } from "./stale-devices.ts";
import { updateMark } from "./vms.ts";

/**
 * Deletes from the tailnet what these VMs were and no longer are, and from their marks: an id that is given out anew
 * must not be taken for theirs. Gives the devices' names. Throws E_API_*, E_QM.
 */
export async function forgetDevices(
  ground: Ground,
  plane: ControlPlane,
  histories: readonly DeviceHistory[],
): Promise<string[]> {
  const stale = staleTestDevices(histories, await plane.devices(), plane);
  for (const { device, recorded, vm } of stale) {
    const change = {
      what: `delete the device ${device.name} (${device.id}), which was ${vm.name}`,
      undo: "none: the VM logs in anew as another one",
    };
    await ground.host.change(change, () => plane.deleteDevice(device.id));
    await updateMark(ground, vm, (mark) => ({
      ...mark,
      devices: mark.devices.filter((one) => !sameDevice(one, recorded)),
    }));
  }
  return stale.map(({ device }) => device.name);
}
