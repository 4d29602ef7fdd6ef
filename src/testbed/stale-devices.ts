import type { Device } from "../tailnet/api/control-plane.ts";
import { type RecordedDevice, sameDevice } from "./mark.ts";

/** What is known of one VM's devices after it was rolled back, or before it is destroyed. */
export interface DeviceHistory {
  readonly name: string;
  /** All that it was seen to be. */
  readonly recorded: readonly RecordedDevice[];
  /** What it is now, or would be again after going back to another of its snapshots. */
  readonly kept: readonly RecordedDevice[];
}

export interface StaleTestDevice {
  readonly device: Device;
  readonly vm: string;
}

/**
 * The devices that may be deleted: recorded as having been one of these VMs, and no longer so. The id alone decides,
 * backed by the address that was recorded with it; never the tag, never the name. Pure.
 */
export function staleTestDevices(
  histories: readonly DeviceHistory[],
  listed: readonly Device[],
): StaleTestDevice[] {
  const kept = histories.flatMap((history) => history.kept);
  return histories.flatMap(({ name, recorded }) =>
    recorded.flatMap((device) => {
      if (kept.some((one) => sameDevice(one, device))) return [];
      // Two VMs that were the same device were clones of each other then: whose it was nobody knows.
      if (
        histories.some(
          (other) => other.name !== name && other.recorded.some((one) => sameDevice(one, device)),
        )
      ) {
        return [];
      }
      const found = listed.find(
        ({ id, addresses }) => id === device.id && addresses.includes(device.address),
      );
      return found && !found.external ? [{ device: found, vm: name }] : [];
    }),
  );
}
