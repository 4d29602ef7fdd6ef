import { readdir } from "node:fs/promises";
import { readText } from "../node/files.ts";
import { at, type PveNode } from "../node/pve-node.ts";

export interface Guest {
  readonly vmid: number;
  readonly node: string;
  readonly type: "qemu" | "lxc";
  readonly name: string;
  readonly template: boolean;
  /** Bytes. */
  readonly maxmem: number;
  readonly cpus: number;
  readonly tags?: string;
  readonly lock?: string;
}

/** All guests that have a configuration in /etc/pve. */
export async function listGuests(node: PveNode): Promise<Guest[]> {
  const nodes = await readdir(at(node, "/etc/pve/nodes")).catch(() => []);
  const lists = nodes.flatMap((name) => [guestsOf(node, name, "qemu"), guestsOf(node, name, "lxc")]);
  return (await Promise.all(lists)).flat().sort((a, b) => a.vmid - b.vmid);
}

async function guestsOf(node: PveNode, name: string, type: Guest["type"]): Promise<Guest[]> {
  const folder: `/${string}` = `/etc/pve/nodes/${name}/${type === "qemu" ? "qemu-server" : "lxc"}`;
  const files = (await readdir(at(node, folder)).catch(() => [])).filter((file) =>
    /^[1-9]\d+\.conf$/.test(file),
  );
  return await Promise.all(
    files.map(async (file): Promise<Guest> => {
      const vmid = Number.parseInt(file, 10);
      const text = ((await readText(node, `${folder}/${file}`)) ?? "").split(/^\[/m)[0] ?? "";
      const value = (key: string) => new RegExp(`^${key}:\\s*(.*?)\\s*$`, "m").exec(text)?.[1];
      const [tags, lock] = [value("tags"), value("lock")];
      return {
        vmid,
        node: name,
        type,
        name: value("name") ?? value("hostname") ?? `${type === "qemu" ? "VM" : "CT"} ${vmid}`,
        template: value("template") === "1",
        maxmem: Number.parseInt(value("memory") ?? "512", 10) * 1024 * 1024,
        cpus: Number(value("cores") ?? 1) * Number(value("sockets") ?? 1),
        ...(tags !== undefined && { tags }),
        ...(lock !== undefined && { lock }),
      };
    }),
  );
}
