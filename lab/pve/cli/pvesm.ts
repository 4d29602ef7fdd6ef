import { z } from "zod";
import { execute, mustFindMethod } from "../api/execute.ts";
import { findMethod } from "../api/schema.ts";
import { PveError } from "../errors.ts";
import { openNode } from "../node/pve-node.ts";
import type { ParamSchemas } from "../params/schema.ts";
import type { Params } from "../params/verify.ts";
import { addStorage, mustFindStorage } from "../storage/storages.ts";
import { mustFindVolume, parseVolid } from "../storage/volume-files.ts";
import { freeVolume, volumePath } from "../storage/volumes.ts";
import { openUp } from "./open-up.ts";
import { type Command, runCommand } from "./program.ts";
import { say } from "./say.ts";

/** The storage manager (proxmox.md 11). */
export async function pvesmMain(argv: readonly string[]): Promise<number> {
  const content = "/nodes/x/storage/x/content";
  const volume = { volume: { type: "string" } };
  return await runCommand(
    "pvesm",
    {
      status: { args: [], params: paramsOf("GET", "/nodes/x/storage"), run: status },
      list: { args: ["storage"], params: paramsOf("GET", content), run: list },
      alloc: {
        args: ["storage", "vmid", "filename", "size"],
        params: paramsOf("POST", content),
        run: async (params) => {
          const volid = await callApi("POST", `/storage/${params.storage}/content`, params);
          say(`successfully created '${volid}'`);
          return 0;
        },
      },
      add: {
        args: ["type", "storage"],
        params: findMethod("POST", "/storage")?.parameters ?? {},
        run: async (params) => {
          await addStorage(await openUp(), params);
          return 0;
        },
      },
      free: { args: ["volume"], params: volume, run: free },
      path: { args: ["volume"], params: volume, run: path },
    } satisfies Record<string, Command>,
    argv,
  );
}

const statuses = z.array(
  z.object({
    storage: z.string(),
    type: z.string(),
    active: z.number(),
    enabled: z.number(),
    total: z.number().default(0),
    used: z.number().default(0),
    avail: z.number().default(0),
  }),
);

/** Columns of the newer releases, in KiB; the older ones say the same without the unit. */
async function status(params: Params): Promise<number> {
  const rows = statuses.parse(await callApi("GET", "/storage", params));
  const width = Math.max(4, ...rows.map(({ storage }) => storage.length)) + 1;
  const unit = (await openNode()).release.name === "pve8" ? "" : " (KiB)";
  const line = (cells: readonly string[]) =>
    say(
      [
        (cells[0] ?? "").padEnd(width),
        ...cells.slice(1).map((cell, i) => cell.padStart([10, 10, 15, 15, 15, 8][i] ?? 0)),
      ].join(" "),
    );
  line(["Name", "Type", "Status", `Total${unit}`, `Used${unit}`, `Available${unit}`, "%"]);
  for (const row of rows.sort((a, b) => (a.storage < b.storage ? -1 : 1))) {
    const { storage, type, active, enabled, total, used, avail } = row;
    const share = total > 0 ? (used * 100) / total : 0;
    line([
      ...[storage, type, enabled ? (active ? "active" : "inactive") : "disabled"],
      ...[total, used, avail].map((bytes) => `${Math.floor(bytes / 1024)}`),
      enabled ? `${share.toFixed(2).padStart(7)}%` : "N/A",
    ]);
  }
  return 0;
}

const volumes = z.array(
  z.object({
    volid: z.string(),
    format: z.string(),
    content: z.string(),
    size: z.number(),
    vmid: z.number().optional(),
  }),
);

async function list(params: Params): Promise<number> {
  const rows = volumes.parse(await callApi("GET", `/storage/${params.storage}/content`, params));
  const width = Math.max(0, ...rows.map(({ volid }) => volid.length));
  const digits = Math.max(1, ...rows.map(({ size }) => `${size}`.length));
  const line = (volid: string, format: string, type: string, size: string, vmid: string) =>
    say(`${volid.padEnd(width)} ${format.padEnd(7)} ${type.padEnd(9)} ${size.padStart(digits)} ${vmid}`);
  line("Volid", "Format", "Type", "Size", "VMID");
  for (const { volid, format, content, size, vmid } of rows) {
    line(volid, format, content, `${size}`, `${vmid ?? ""}`);
  }
  return 0;
}

async function free(params: Params): Promise<number> {
  const volid = String(params.volume);
  const node = await openUp();
  await freeVolume(node, volid);
  say(`Removed volume '${volid}'`);
  return 0;
}

/** A volume's path; what is no volume of ours but a file of a directory has one, too. */
async function path(params: Params): Promise<number> {
  const node = await openUp();
  const volid = String(params.volume);
  const { storage } = parseVolid(volid);
  const entry = await mustFindStorage(node, storage);
  const file = /^[^:]+:(iso|vztmpl|backup|import|snippets)\/(.+)$/.exec(volid);
  if (file && entry.path) {
    const folder = { iso: "template/iso", vztmpl: "template/cache", backup: "dump" }[file[1] ?? ""];
    say(`${entry.path}/${folder ?? file[1]}/${file[2]}`);
    return 0;
  }
  say(volumePath(entry, await mustFindVolume(node, volid)));
  return 0;
}

async function callApi(verb: string, path: string, params: Params): Promise<unknown> {
  const node = await openUp();
  const full = `/nodes/${node.name}${path}`;
  const method = mustFindMethod(verb, full);
  return await execute(node, method, {
    verb,
    path: full,
    given: Object.fromEntries(Object.entries(params).filter(([name]) => !(name in method.pathParams))),
    who: { authuser: "root@pam", user: "root@pam" },
    startTask: async () => {
      throw new PveError("no task belongs here");
    },
  });
}

function paramsOf(verb: string, path: string): ParamSchemas {
  const { node: _node, ...own } = findMethod(verb, path)?.parameters ?? {};
  return own;
}
