import type { Device } from "../api/control-plane.ts";

export interface StaleDevice {
  readonly device: Device;
  /** The proof, in words. */
  readonly why: string;
}

/**
 * Devices that a reinstalled host left behind: offline for an hour at least, and never seen since another device of
 * the same host name and tag was made, which is online. Nothing weaker is a proof: a host that is switched off looks
 * the same as one that is gone.
 */
export function staleDevices(devices: readonly Device[], nowMs: number): readonly StaleDevice[] {
  return devices.flatMap((device) => {
    const seenMs = Date.parse(device.lastSeen ?? "");
    if (device.online || device.external || Number.isNaN(seenMs) || nowMs - seenMs < HOUR_MS) return [];
    const successor = devices.find(
      (other) =>
        other !== device &&
        other.online &&
        other.hostname === device.hostname &&
        device.tags.some((tag) => other.tags.includes(tag)) &&
        Date.parse(other.created) > seenMs,
    );
    if (!successor) return [];
    return [
      {
        device,
        why: `not seen since ${successor.name} was made, which has the same host name and is online`,
      },
    ];
  });
}

/** Devices that share a host name, by that name. */
export function duplicates(devices: readonly Device[]): ReadonlyMap<string, readonly Device[]> {
  const byName = Map.groupBy(devices, ({ hostname }) => hostname);
  return new Map([...byName].filter(([, same]) => same.length > 1));
}

const HOUR_MS = 3_600_000;
