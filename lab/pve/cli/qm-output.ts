import { z } from "zod";

const vms = z.array(
  z.object({
    vmid: z.number(),
    name: z.string(),
    status: z.string(),
    maxmem: z.number().default(0),
    maxdisk: z.number().default(0),
    pid: z.number().default(0),
  }),
);

/** `qm list`: nothing at all when there is no VM. */
export function vmTable(data: unknown): string {
  const rows = vms.parse(data);
  if (rows.length === 0) return "";
  const line = ([id = "", ...rest]: readonly string[]) => {
    const [name = "", status = "", memory = "", disk = "", pid = ""] = rest;
    return `${id.padStart(10)} ${name.padEnd(20)} ${status.padEnd(10)} ${memory.padEnd(10)} ${disk.padStart(12)} ${pid.padEnd(10)}\n`;
  };
  return [
    line(["VMID", "NAME", "STATUS", "MEM(MB)", "BOOTDISK(GB)", "PID"]),
    ...rows.map(({ vmid, name, status, maxmem, maxdisk, pid }) =>
      line([`${vmid}`, name, status, `${maxmem / 2 ** 20}`, (maxdisk / 2 ** 30).toFixed(2), `${pid}`]),
    ),
  ].join("");
}

const snapshots = z.array(
  z.object({
    name: z.string(),
    parent: z.string().optional(),
    snaptime: z.number().optional(),
    description: z.string().optional(),
  }),
);
type Snapshot = z.infer<typeof snapshots>[number];

/** `qm listsnapshot`: one more blank per level, the oldest first, `current` last (proxmox.md 11). */
export function snapshotTree(data: unknown): string {
  const all = snapshots.parse(data);
  const names = new Set(all.map(({ name }) => name));
  const below = (parent: string | undefined) =>
    all
      .filter(
        (each) => (each.parent !== undefined && names.has(each.parent) ? each.parent : undefined) === parent,
      )
      .sort((a, b) => (a.snaptime ?? Infinity) - (b.snaptime ?? Infinity));
  const branch = (each: Snapshot, prefix: string): string => {
    const [first = ""] = (each.description || "no-description").split("\n");
    const name = each.name.padEnd(Math.max(0, 30 - prefix.length));
    const line = `${prefix} ${name} ${timeOf(each.snaptime).padEnd(23)} ${first}\n`;
    return (
      line +
      below(each.name)
        .map((child) => branch(child, ` ${prefix}`))
        .join("")
    );
  };
  return below(undefined)
    .map((root) => branch(root, "`->"))
    .join("");
}

function timeOf(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  const at = new Date(seconds * 1_000);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
