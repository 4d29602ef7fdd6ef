import { randomBytes } from "node:crypto";

/** A network card's value with an address of its own: `virtio=BC:24:11:xx:xx:xx,bridge=vmbr0`. */
export function withMac(value: string, mac = newMac()): string {
  const [first = "", ...rest] = value.split(",");
  const model = /^(?:model=)?([a-z0-9-]+)/.exec(first)?.[1] ?? "virtio";
  return [`${model}=${mac}`, ...rest.filter((part) => !part.startsWith("macaddr="))].join(",");
}

/** The value with an address, unless it has one. */
export function withSomeMac(value: string): string {
  return /(^|,)(macaddr|[a-z0-9-]+)=([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}/.test(value) ? value : withMac(value);
}

/** `smbios1` with a fresh uuid; its other keys stay. */
export function withUuid(smbios1: string | undefined): string {
  const others = (smbios1 ?? "").split(",").filter((part) => part !== "" && !part.startsWith("uuid="));
  return [...others, `uuid=${crypto.randomUUID()}`].sort().join(",");
}

/** Proxmox's own prefix. */
function newMac(): string {
  const tail = [...randomBytes(3)].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
  return ["BC:24:11", ...tail].join(":");
}
