import type { ControlPlane } from "../tailnet/api/control-plane.ts";
import type { Ground } from "./ground.ts";
import { type DeviceHistory, staleTestDevices } from "./stale-devices.ts";

/** Deletes from the tailnet what these VMs were and no longer are. Gives their names. Throws E_API_*. */
export async function forgetDevices(
  { host }: Ground,
  plane: ControlPlane,
  histories: readonly DeviceHistory[],
): Promise<string[]> {
  const stale = staleTestDevices(histories, await plane.devices());
  for (const { device, vm } of stale) {
    const change = {
      what: `delete the device ${device.name} (${device.id}), which was ${vm}`,
      undo: "none: the VM logs in anew as another one",
    };
    await host.change(change, () => plane.deleteDevice(device.id));
  }
  return stale.map(({ device }) => device.name);
}
