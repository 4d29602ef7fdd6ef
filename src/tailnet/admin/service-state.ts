import type { Device, Service, ServiceHost } from "../api/control-plane.ts";

/** A Service as it stands, host by host. */
export interface ServiceState {
  readonly service: Service | undefined;
  readonly hosts: readonly ServiceHostState[];
  /** At least one host answers for it. */
  readonly ready: boolean;
}

export interface ServiceHostState {
  readonly name: string;
  readonly approval: ServiceHost["approval"] | "not offered";
  readonly configured: string;
  /** What is in the way, with the mend; undefined when this host answers. */
  readonly blocked: string | undefined;
}

/** Puts together what the control server says of a Service and of the tagged devices. */
export function serviceState(
  service: Service | undefined,
  offers: readonly ServiceHost[],
  tagged: readonly Device[],
): ServiceState {
  const hosts = tagged.map((device): ServiceHostState => {
    const offer = offers.find(({ device: id }) => id === device.id);
    const { approval = "not offered", configured = "-" } = offer ?? {};
    return {
      name: device.name,
      approval,
      configured,
      blocked: service && blockage(service.name, device, offer),
    };
  });
  const strangers = offers.filter(({ device: id }) => !tagged.some((device) => device.id === id));
  return {
    service,
    hosts: [
      ...hosts,
      ...strangers.map(({ device, approval, configured }) => ({
        name: device,
        approval,
        configured,
        blocked: "it does not have the cluster's tag, and should not offer it",
      })),
    ],
    ready: service !== undefined && hosts.some(({ blocked }) => blocked === undefined),
  };
}

function blockage(service: string, device: Device, offer: ServiceHost | undefined): string | undefined {
  if (isOlder(device.version, 1, 86))
    return `Tailscale ${device.version} is too old for Services: 1.86 or later`;
  if (!device.online) return "it is offline";
  const serve = `tailscale serve --service=${service} --https=443 https+insecure://127.0.0.1:8006`;
  if (!offer) return `it does not offer the Service: ${serve}`;
  if (offer.approval === "not-approved") {
    return "it waits for approval: tailmox policy apply (approves members by themselves), or the admin console";
  }
  // Approved later than offered, a daemon sometimes misses it (tailscale.md 5).
  if (offer.configured !== "ready")
    return `its side says "${offer.configured}": tailscale serve clear ${service}; then ${serve}`;
  return undefined;
}

/** Unknown versions are not held against a device. */
function isOlder(version: string, major: number, minor: number): boolean {
  const [, ownMajor, ownMinor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (ownMajor === undefined) return false;
  return Number(ownMajor) < major || (Number(ownMajor) === major && Number(ownMinor) < minor);
}
