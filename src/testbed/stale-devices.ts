import type { ControlPlane, Device } from "../tailnet/api/control-plane.ts";
import { type RecordedDevice, sameDevice } from "./mark.ts";
import type { TestVm } from "./vms.ts";

/** What is known of one VM's devices after it was rolled back, or before it is destroyed. */
export interface DeviceHistory {
  readonly vm: TestVm;
  /** All that it was seen to be. */
  readonly recorded: readonly RecordedDevice[];
  /** What it is now, or would be again after going back to another of its snapshots. */
  readonly kept: readonly RecordedDevice[];
}

export interface StaleTestDevice {
  readonly device: Device;
  readonly recorded: RecordedDevice;
  readonly vm: TestVm;
}

/**
 * The devices that may be deleted: recorded as having been one of these VMs, and no longer so. The id alone decides,
 * backed by the address that was recorded with it and by whose id it is; never the tag, never the name. Pure.
 */
export function staleTestDevices(
  histories: readonly DeviceHistory[],
  listed: readonly Device[],
  server: Pick<ControlPlane, "kind" | "url">,
): StaleTestDevice[] {
  const kept = histories.flatMap((history) => history.kept);
  return histories.flatMap(({ vm, recorded }) =>
    recorded.flatMap((device) => {
      const isIt = (other: RecordedDevice) => sameDevice(other, device);
      // Two VMs that were the same device were clones of each other then: whose it was nobody knows.
      const isShared = histories.some((other) => other.vm.vmid !== vm.vmid && other.recorded.some(isIt));
      if (kept.some(isIt) || isShared || !isOf(device, server)) return [];
      const found = listed.find(
        ({ id, addresses, external }) => id === device.id && addresses.includes(device.address) && !external,
      );
      return found ? [{ device: found, recorded: device, vm }] : [];
    }),
  );
}

/** headscale counts its ids from 1, so another one has the same; those of Tailscale's own server are unique. */
function isOf(device: RecordedDevice, { kind, url }: Pick<ControlPlane, "kind" | "url">): boolean {
  return kind !== "headscale" || hostOf(device.server) === hostOf(url);
}

function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? url;
}
