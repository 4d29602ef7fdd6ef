import { PveError } from "../../errors.ts";
import type { PveNode } from "../../node/pve-node.ts";
import { parseSize } from "../../storage/sizes.ts";
import {
  addStorage,
  contentOf,
  isHere,
  mustFindStorage,
  readStorages,
  type StorageEntry,
  spaceOf,
} from "../../storage/storages.ts";
import { listVolumes } from "../../storage/volume-files.ts";
import { allocate, freeVolume, volidOf } from "../../storage/volumes.ts";
import type { Call, Handlers } from "../call.ts";

const CONTENT = "/nodes/{node}/storage/{storage}/content";

export const storageHandlers: Handlers = {
  "GET /storage": async ({ node, params }) =>
    (await readStorages(node)).filter((entry) => params.type === undefined || entry.type === params.type),
  "POST /storage": async ({ node, params }) => {
    await addStorage(node, params);
    return { storage: params.storage, type: params.type };
  },
  "GET /nodes/{node}/storage": async ({ node, params }) => {
    const content = String(params.content ?? "")
      .split(",")
      .filter(Boolean);
    const wanted = (await readStorages(node))
      .filter((entry) => isHere(node, entry))
      .filter((entry) => params.storage === undefined || entry.storage === params.storage)
      .filter((entry) => !params.enabled || entry.disable !== "1")
      .filter((entry) => content.length === 0 || content.some((each) => contentOf(entry).includes(each)));
    return await Promise.all(wanted.map((entry) => withSpace(node, entry)));
  },
  "GET /nodes/{node}/storage/{storage}/status": async ({ node, params }) => {
    const { storage: _name, ...status } = await withSpace(
      node,
      await mustFindStorage(node, `${params.storage}`),
    );
    return status;
  },
  [`GET ${CONTENT}`]: volumesOf,
  [`POST ${CONTENT}`]: async ({ node, params }) => {
    const size = parseSize(String(params.size), "K");
    if (size === undefined) throw new PveError("size: value does not match the regex pattern");
    const asked = {
      vmid: Number(params.vmid),
      size,
      ...(params.filename !== "" && { name: String(params.filename) }),
      ...(params.format !== undefined && { format: String(params.format) }),
    };
    return await allocate(node, String(params.storage), asked);
  },
  [`DELETE ${CONTENT}/{volume}`]: async ({ node, params }) => {
    const volume = String(params.volume);
    await freeVolume(node, volume.includes(":") ? volume : `${params.storage}:${volume}`);
    return null;
  },
};

async function volumesOf({ node, params }: Call): Promise<unknown> {
  const entry = await mustFindStorage(node, String(params.storage));
  if (params.content !== undefined && params.content !== "images") return [];
  return (await listVolumes(node, entry.storage))
    .filter((volume) => params.vmid === undefined || volume.vmid === params.vmid)
    .map((volume) => ({
      volid: volidOf(entry, volume),
      content: "images",
      format: volume.format,
      size: volume.size,
      used: volume.used,
      vmid: volume.vmid,
      ctime: volume.ctime,
      ...(volume.base !== undefined && { parent: volume.base }),
    }));
}

async function withSpace(node: PveNode, entry: StorageEntry): Promise<Record<string, string | number>> {
  const disabled = entry.disable === "1";
  const space = disabled ? undefined : await spaceOf(node, entry);
  return {
    storage: entry.storage,
    type: entry.type,
    content: contentOf(entry).join(","),
    enabled: disabled ? 0 : 1,
    active: space ? 1 : 0,
    shared: entry.shared === "1" ? 1 : 0,
    ...(space && { ...space, used_fraction: space.total > 0 ? space.used / space.total : 0 }),
  };
}
