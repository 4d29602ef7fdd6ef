export interface PveVersion {
  readonly major: number;
  /** As Proxmox writes it, such as 9.1.2. */
  readonly version: string;
}

/** Reads the line of `pveversion`; undefined when it is something else. Source: proxmox.md 1. */
export function parsePveVersion(text: string): PveVersion | undefined {
  const match = /^pve-manager\/((\d+)\.[\d.-]+)\/[0-9a-f]{8,64}\b/m.exec(text);
  return match ? { version: match[1] ?? "", major: Number(match[2]) } : undefined;
}

/** What Proxmox takes for a node name; it keeps upper case. Source: proxmox.md 1. */
export function isNodeName(name: string): boolean {
  return /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/.test(name);
}
