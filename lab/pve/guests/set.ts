import { PveError, parameterError } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import type { Params } from "../params/verify.ts";
import { findVolume } from "../storage/volume-files.ts";
import { freeVolume } from "../storage/volumes.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { drivesOf, isDriveName, parseDrive, unusedOf, withUnused } from "./drives.ts";
import { withNewDisks } from "./new-disks.ts";
import { runningVm } from "./running.ts";
import { valuesOf } from "./values.ts";
import { type Section, type VmConfig, without } from "./vm-config.ts";
import { assertUnlocked, changeVm, vmDigest } from "./vm-files.ts";

/** What a running VM takes over at once; all else waits in [PENDING]. */
const AT_ONCE = new Set([
  ...["description", "hookscript", "lock", "name", "onboot", "protection", "shares", "startup", "tags"],
]);

/** `qm set`, `PUT config`: says what it is about to change, makes disks, writes. */
export async function setVm(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  const vmid = Number(params.vmid);
  const values = valuesOf(params);
  const removed = String(params.delete ?? "")
    .split(/[,;\s]+/)
    .filter(Boolean);
  if (Object.keys(values).length === 0 && removed.length === 0) {
    throw new PveError("no options specified", { status: 400 });
  }
  for (const key of removed.filter((each) => values[each] !== undefined)) {
    throw parameterError({ delete: `cannot use '-${key}' and '-delete ${key}' at the same time` });
  }
  await assertDigest(node, vmid, params);
  await changeVm(node, vmid, async (config) => {
    if (!params.skiplock) assertUnlocked(config);
    output.print(`update VM ${vmid}: ${words(params)}\n`);
    const made = await withNewDisks(node, vmid, values, output);
    const running = (await runningVm(node, vmid)) !== undefined;
    return await changed(node, config, made, removed, running);
  });
}

async function changed(
  node: PveNode,
  config: VmConfig,
  values: Section,
  removed: readonly string[],
  running: boolean,
): Promise<VmConfig> {
  const now = (key: string) => !running || AT_ONCE.has(key) || /^unused\d+$/.test(key) || isDriveName(key);
  const [atOnce, later] = [removed.filter(now), removed.filter((key) => !now(key))];
  const pick = (which: boolean) => Object.entries(values).filter(([key]) => now(key) === which);
  const pendingDelete = [...(config.pending.delete?.split(",") ?? []), ...later].join(",");
  return {
    ...config,
    current: await applied(node, config.current, Object.fromEntries(pick(true)), atOnce),
    pending: {
      ...without(config.pending, ...removed, "delete"),
      ...Object.fromEntries(pick(false)),
      ...(pendingDelete !== "" && { delete: pendingDelete }),
    },
  };
}

/** A drive that goes leaves its volume as `unusedN`; an `unusedN` that goes takes its volume with it. */
async function applied(
  node: PveNode,
  current: Section,
  values: Section,
  removed: readonly string[],
): Promise<Section> {
  for (const [key, volid] of unusedOf(current).filter(([name]) => removed.includes(name))) {
    if (await findVolume(node, volid)) await freeVolume(node, volid);
    current = without(current, key);
  }
  const before = drivesOf(current);
  let after: Section = { ...without(current, ...removed), ...values };
  const used = new Set(drivesOf(after).map(([, { file }]) => file));
  for (const [, { file }] of before) if (!used.has(file)) after = withUnused(after, file).section;
  const again = unusedOf(after).filter(([, volid]) => used.has(parseDrive(volid).file));
  return without(after, ...again.map(([key]) => key));
}

async function assertDigest(node: PveNode, vmid: number, params: Params): Promise<void> {
  if (params.digest === undefined || params.digest === (await vmDigest(node, vmid))) return;
  throw new PveError("detected modified configuration - file changed by other user? Try again.");
}

/** The options as Proxmox repeats them, a secret one without its value. */
function words(params: Params): string {
  return Object.entries(params)
    .filter(([key]) => !["node", "vmid", "skiplock", "digest"].includes(key))
    .map(([key, value]) => `-${key} ${key === "cipassword" ? "<hidden>" : value}`)
    .join(" ");
}
