import { z } from "zod";
import { assertPrivileges, hasPrivilege } from "../../access/permissions.ts";
import { PveError } from "../../errors.ts";
import { planClone } from "../../guests/clone.ts";
import { reserveVm } from "../../guests/create.ts";
import { assertMayGo } from "../../guests/destroy.ts";
import { drivesOf } from "../../guests/drives.ts";
import { assertNotPaused } from "../../guests/power.ts";
import { setVm } from "../../guests/set.ts";
import { vmStatus, vmStatuses } from "../../guests/status.ts";
import { assertMayBeTemplate } from "../../guests/template.ts";
import { loadVm, vmDigest } from "../../guests/vm-files.ts";
import { mustFindSnapshot } from "../../guests/vm-snapshots.ts";
import { hasFeature } from "../../storage/snapshots.ts";
import type { Call, Handler, Handlers } from "../call.ts";
import { childrenOf } from "../schema.ts";

const VM = "/nodes/{node}/qemu/{vmid}";

/** VMs of this node: what they are, and their tasks. */
export const qemuHandlers: Handlers = {
  "GET /nodes/{node}/qemu": async ({ node, who, config }) =>
    (await vmStatuses(node))
      .filter(({ vmid }) => hasPrivilege(config, who, `/vms/${vmid}`, "VM.Audit"))
      .map(({ qmpstatus: _detail, ...shown }) => shown),
  "POST /nodes/{node}/qemu": createVm,
  [`DELETE ${VM}`]: async (call) => {
    await assertMayGo(call.node, vmidOf(call));
    return await start(call, "qmdestroy");
  },
  [`POST ${VM}/clone`]: async (call) => {
    await planClone(call.node, call.params);
    return await start(call, "qmclone");
  },
  [`POST ${VM}/template`]: async (call) => {
    await assertMayBeTemplate(call.node, vmidOf(call));
    return await start(call, "qmtemplate");
  },
  [`GET ${VM}/config`]: async ({ node, params }) => {
    const vmid = Number(params.vmid);
    const config = await loadVm(node, vmid);
    const section =
      params.snapshot === undefined ? config.current : mustFindSnapshot(config, String(params.snapshot));
    const pending = params.current || params.snapshot !== undefined ? {} : config.pending;
    const { delete: _removed, ...values } = { ...section, ...pending };
    return { ...values, digest: await vmDigest(node, vmid) };
  },
  [`PUT ${VM}/config`]: async (call) => {
    await setVm(call.node, call.params, call.output);
    return null;
  },
  [`GET ${VM}/feature`]: feature,
  [`GET ${VM}/status`]: async () => childrenOf(`${VM}/status`).map((subdir) => ({ subdir })),
  [`GET ${VM}/status/current`]: async ({ node, params }) => ({
    ...(await vmStatus(node, Number(params.vmid))),
    ha: { managed: 0 },
  }),
  [`POST ${VM}/status/start`]: task("qmstart"),
  [`POST ${VM}/status/stop`]: task("qmstop"),
  [`POST ${VM}/status/shutdown`]: async (call) => {
    await assertNotPaused(call.node, call.params);
    return await task("qmshutdown")(call);
  },
  [`POST ${VM}/status/suspend`]: task("qmsuspend"),
  [`POST ${VM}/status/resume`]: task("qmresume"),
  [`GET ${VM}/snapshot`]: snapshotList,
  [`POST ${VM}/snapshot`]: async (call) => {
    if (call.params.snapname === "current") {
      throw new PveError("unable to use snapshot name 'current' (reserved name)");
    }
    return await task("qmsnapshot")(call);
  },
  [`DELETE ${VM}/snapshot/{snapname}`]: task("qmdelsnapshot"),
  [`POST ${VM}/snapshot/{snapname}/rollback`]: task("qmrollback"),
};

/** Any user may ask; who may not allocate a VM is told so. */
async function createVm(call: Call): Promise<string> {
  const { node, params, config, who } = call;
  if (params.archive !== undefined) throw new PveError("restoring is not played here", { status: 501 });
  assertPrivileges(config, who, `/vms/${params.vmid}`, ["VM.Allocate"]);
  await reserveVm(node, params);
  return await start(call, "qmcreate");
}

/** Whether every disk of a VM can do something; local storages are on this node alone. */
async function feature({ node, params }: Call): Promise<unknown> {
  const { current } = await loadVm(node, Number(params.vmid));
  const asked = z.enum(["snapshot", "clone", "copy"]).parse(params.feature);
  const snapshot = params.snapname === undefined ? undefined : String(params.snapname);
  const answers = await Promise.all(
    drivesOf(current).map(([, { file }]) => hasFeature(node, asked, file, snapshot)),
  );
  return { hasFeature: answers.every(Boolean) ? 1 : 0, nodes: [node.name] };
}

/** Snapshots by name, and `current` as the last one. */
async function snapshotList({ node, params }: Call): Promise<unknown> {
  const vmid = Number(params.vmid);
  const { current, snapshots } = await loadVm(node, vmid);
  const { status } = await vmStatus(node, vmid);
  return [
    ...Object.entries(snapshots).map(
      ([name, { snaptime, vmstate, description = "", parent, snapstate }]) => ({
        name,
        snaptime: Number(snaptime ?? 0),
        vmstate: vmstate === undefined ? 0 : 1,
        description,
        ...(parent !== undefined && { parent }),
        ...(snapstate !== undefined && { snapstate }),
      }),
    ),
    {
      name: "current",
      digest: await vmDigest(node, vmid),
      running: status === "running" ? 1 : 0,
      description: "You are here!",
      ...(current.parent !== undefined && { parent: current.parent }),
    },
  ];
}

/** A task on a VM; that there is such a VM is looked at by the task. */
function task(type: string): Handler {
  return (call) => start(call, type);
}

async function start(call: Call, type: string): Promise<string> {
  return await call.startTask(type, String(call.params.vmid), call.params);
}

function vmidOf({ params }: Call): number {
  return Number(params.vmid);
}
