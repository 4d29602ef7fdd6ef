import { open, stat } from "node:fs/promises";
import { PveError } from "../errors.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import { importContent } from "../storage/content.ts";
import { formatSize, parseSize, renderBytes } from "../storage/sizes.ts";
import { assertTakesImages, mustFindStorage } from "../storage/storages.ts";
import { mustFindVolume, parseVolid } from "../storage/volume-files.ts";
import { allocate, fillVolume, freeVolume } from "../storage/volumes.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { formatDrive, isDriveName, parseDrive } from "./drives.ts";
import { imageIn } from "./hypervisor-protocol.ts";
import type { Section } from "./vm-config.ts";

/**
 * Makes what the drives among `values` ask for: `STORAGE:GIB` a new volume, `...,import-from=PATH` one with the
 * data of a file; a volume that exists gets its size noted. What was made is freed again when a later one fails.
 */
export async function withNewDisks(
  node: PveNode,
  vmid: number,
  values: Section,
  output: TaskOutput,
): Promise<Section> {
  const made: string[] = [];
  const result: Record<string, string> = { ...values };
  try {
    for (const key of Object.keys(values).filter(isDriveName).sort()) {
      const { file, options } = parseDrive(values[key] ?? "");
      if (options.media === "cdrom" || !file.includes(":")) continue;
      const { "import-from": source, ...kept } = options;
      const gib = /^([^:]+):(\d+(?:\.\d+)?)$/.exec(file);
      let volid = file;
      if (gib?.[1] && gib[2]) {
        volid =
          source === undefined
            ? await newVolume(node, vmid, gib[1], Number(gib[2]) * 2 ** 30, kept.format)
            : await importDisk(node, { vmid, source, storage: gib[1], format: kept.format }, output);
        made.push(volid);
      }
      const { size } = await mustFindVolume(node, volid);
      const { format: _asked, ...rest } = kept;
      result[key] = formatDrive({ file: volid, options: { ...rest, size: formatSize(size) } });
      if (volid !== file) output.print(`${key}: successfully created disk '${result[key]}'\n`);
    }
    return result;
  } catch (error) {
    for (const volid of made) await freeVolume(node, volid).catch(() => undefined);
    throw error;
  }
}

export interface Import {
  readonly vmid: number;
  readonly source: string;
  readonly storage: string;
  readonly format?: string | undefined;
}

/** Copies a disk image into a new volume, with the progress lines of qemu-img; gives the volume's id. */
export async function importDisk(node: PveNode, asked: Import, output: TaskOutput): Promise<string> {
  const { size, data, image } = await readImage(node, asked.source);
  const volid = await newVolume(node, asked.vmid, asked.storage, size, asked.format);
  try {
    for (const percent of [0, 50, 100]) {
      const part = renderBytes((size * percent) / 100);
      output.print(`transferred ${part} of ${renderBytes(size)} (${percent.toFixed(2)}%)\n`);
      if (percent === 0) await fillVolume(node, volid, data);
    }
    if (image !== undefined) await importContent(node, image, volid);
  } catch (error) {
    await freeVolume(node, volid).catch(() => undefined);
    throw error;
  }
  return volid;
}

/** Throws `PATH: non-existent or non-regular file`. */
export async function assertImage(node: PveNode, source: string): Promise<void> {
  const found = await stat(at(node, `/${source}`)).catch(() => undefined);
  if (!found?.isFile()) throw new PveError(`${source}: non-existent or non-regular file`);
}

async function newVolume(
  node: PveNode,
  vmid: number,
  storage: string,
  size: number,
  format: string | undefined,
): Promise<string> {
  assertTakesImages(await mustFindStorage(node, storage));
  return await allocate(node, storage, { vmid, size, ...(format !== undefined && { format }) });
}

/** Size and data of an image file or of a volume; which of the lab's images it stands for. */
async function readImage(
  node: PveNode,
  source: string,
): Promise<{ size: number; data: number; image: string | undefined }> {
  if (!source.startsWith("/")) {
    const { size, used } = await mustFindVolume(
      node,
      `${parseVolid(source).storage}:${source.split(":")[1]}`,
    );
    return { size, data: used, image: undefined };
  }
  await assertImage(node, source);
  const file = await open(at(node, `/${source}`));
  try {
    const { size, blocks } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(128), 0, 128, 0);
    const beginning = buffer.subarray(0, bytesRead).toString("latin1");
    const said = /^DATA (\S+)$/m.exec(beginning)?.[1];
    const data = parseSize(said ?? "", "G") ?? blocks * 512;
    return { size: Math.max(size, 1), data, image: imageIn(beginning) };
  } finally {
    await file.close();
  }
}
