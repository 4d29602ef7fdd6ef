import { UserError } from "../../errors.ts";
import type { Device } from "../api/control-plane.ts";
import { type StaleDevice, staleDevices } from "./stale-devices.ts";

export interface PruneOptions {
  /** Names or ids; none means what is proven stale. */
  readonly wanted: readonly string[];
  /** Addresses of members of this host's own cluster. */
  readonly members: readonly string[];
  /** Whether devices that are online, or members, may go as well. */
  readonly acceptOnline: boolean;
}

/**
 * The devices that may be deleted, each with the reason. Throws E_DEVICE_NOT_FOUND for a name that none or several
 * of the tagged devices have, and E_DEVICE_KEPT for one that is in use.
 */
export function chooseDevices(
  tagged: readonly Device[],
  { wanted, members, acceptOnline }: PruneOptions,
  nowMs: number,
): readonly StaleDevice[] {
  const isMember = ({ addresses }: Device) => addresses.some((address) => members.includes(address));
  if (wanted.length === 0) return staleDevices(tagged, nowMs).filter(({ device }) => !isMember(device));
  return wanted.map((name) => {
    const device = find(tagged, name);
    if (!acceptOnline && isMember(device))
      throw kept(device, "is a member of this host's cluster", "pvecm delnode");
    if (!acceptOnline && device.online) throw kept(device, "is online", "tailscale logout, on it");
    return { device, why: "named" };
  });
}

function find(tagged: readonly Device[], name: string): Device {
  const byId = tagged.find(({ id }) => id === name);
  const found = tagged.filter((device) => device.name === name || device.hostname === name);
  const [only, another] = found;
  if (byId) return byId;
  if (only && !another) return only;
  const ids = found.map(({ id, name: own }) => `${own} is ${id}`).join(", ");
  throw only
    ? new UserError("E_DEVICE_NOT_FOUND", `${found.length} devices are called "${name}"`, {
        likely: `a host that was installed anew: ${ids}`,
        mend: "give the id of the one that is meant",
      })
    : new UserError("E_DEVICE_NOT_FOUND", `no tagged device is called "${name}"`, {
        likely: "it is gone, or has another tag",
        mend: "tailmox devices",
      });
}

function kept({ name, id }: Device, why: string, instead: string): UserError {
  return new UserError("E_DEVICE_KEPT", `${name} (${id}) ${why}`, {
    likely: "another device was meant, or it was not taken out of use first",
    mend: `${instead}; or --accept-risk online, if it has to go all the same`,
  });
}
