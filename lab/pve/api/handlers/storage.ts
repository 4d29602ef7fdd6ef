import { statfs } from "node:fs/promises";
import { readText } from "../../node/files.ts";
import type { PveNode } from "../../node/pve-node.ts";
import type { Handlers } from "../call.ts";

export const storageHandlers: Handlers = {
  "GET /storage": async ({ node, params }) =>
    (await readStorages(node)).filter((entry) => params.type === undefined || entry.type === params.type),
  "GET /nodes/{node}/storage": async ({ node, params }) => {
    const wanted = (await readStorages(node)).filter(
      (entry) => params.storage === undefined || entry.storage === params.storage,
    );
    return await Promise.all(wanted.map(withSpace));
  },
};

export type StorageEntry = Readonly<Record<string, string>> & {
  readonly storage: string;
  readonly type: string;
};

/** The sections of storage.cfg: `dir: local`, then indented `key value` lines. */
export async function readStorages(node: PveNode): Promise<StorageEntry[]> {
  const text = (await readText(node, "/etc/pve/storage.cfg")) ?? "";
  return text.split(/^(?=\S)/m).flatMap((section): StorageEntry[] => {
    const [, type, storage] = /^([a-z]+):\s+(\S+)/.exec(section) ?? [];
    if (!type || !storage) return [];
    const values = [...section.matchAll(/^\s+(\S+)(?:[ \t]+(.*?))?\s*$/gm)];
    return [{ ...Object.fromEntries(values.map(([, key, value]) => [key, value ?? "1"])), storage, type }];
  });
}

async function withSpace(entry: StorageEntry): Promise<Record<string, string | number>> {
  const space = entry.path ? await statfs(entry.path).catch(() => undefined) : undefined;
  const disabled = entry.disable === "1";
  return {
    storage: entry.storage,
    type: entry.type,
    content: entry.content ?? "images",
    enabled: disabled ? 0 : 1,
    active: space && !disabled ? 1 : 0,
    shared: entry.shared === "1" ? 1 : 0,
    ...(space && {
      total: space.blocks * space.bsize,
      used: (space.blocks - space.bfree) * space.bsize,
      avail: space.bavail * space.bsize,
    }),
  };
}
