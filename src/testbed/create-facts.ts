import { z } from "zod";
import { pveshGet } from "../proxmox/pvesh.ts";
import { listVms, readVm, type VmConfig, type VmRow } from "../proxmox/vms.ts";
import type { Ground } from "./ground.ts";
import { readTestbed, type Testbed } from "./vms.ts";

/** What `testbed create` looks at before it plans. */
export interface CreateFacts {
  readonly testbed: Testbed;
  readonly vms: readonly VmRow[];
  /** Numbers of all guests of the cluster, containers too. */
  readonly taken: ReadonlySet<number>;
  /** undefined when no VM of this node has that number. */
  readonly template: (VmConfig & { readonly vmid: number; readonly canLink: boolean }) | undefined;
  /** Bytes of the image; undefined when there is no such file, or none was asked for. */
  readonly imageBytes: number | undefined;
  readonly storages: readonly Storage[];
  readonly freeMemoryMiB: number;
  readonly bridges: readonly string[];
  /** undefined: no module of KVM is loaded. */
  readonly nested: boolean | undefined;
}

export interface Storage {
  readonly name: string;
  readonly type: string;
  readonly images: boolean;
  readonly freeGiB: number;
}

/** Reads it all at once; changes nothing. Throws E_COMMAND_FAILED where Proxmox does not answer. */
export async function readCreateFacts(
  ground: Ground,
  { template, image }: { template: number | undefined; image: string | undefined },
): Promise<CreateFacts> {
  const { host, node } = ground;
  const [testbed, vms, guests, storages, status, bridges, nested] = await Promise.all([
    readTestbed(host, node),
    listVms(host, node),
    pveshGet(host, z.array(guestJson), "/cluster/resources", ["--type", "vm"]),
    pveshGet(host, z.array(storageJson), `/nodes/${node}/storage`),
    pveshGet(host, statusJson, `/nodes/${node}/status`),
    host.list("/sys/class/net"),
    readNested(ground),
  ]);
  const isHere = vms.some(({ vmid }) => vmid === template);
  return {
    testbed,
    vms,
    taken: new Set([...guests, ...vms].map(({ vmid }) => vmid)),
    template: template !== undefined && isHere ? await readTemplate(ground, template) : undefined,
    imageBytes: image === undefined ? undefined : await sizeOf(ground, image),
    storages: storages.map(({ storage, type, content, avail, active }) => ({
      name: storage,
      type,
      images: content.split(",").includes("images") && active !== 0 && active !== false,
      freeGiB: (avail ?? 0) / 2 ** 30,
    })),
    freeMemoryMiB: (status.memory.available ?? status.memory.free) / 2 ** 20,
    bridges,
    nested,
  };
}

async function readTemplate({ host, node }: Ground, vmid: number): Promise<CreateFacts["template"]> {
  const config = await readVm(host, node, vmid);
  const path = `/nodes/${node}/qemu/${vmid}/feature`;
  const answer = config.template
    ? await pveshGet(host, featureJson, path, ["--feature", "clone"])
    : { hasFeature: false };
  return { ...config, vmid, canLink: Boolean(answer.hasFeature) };
}

async function sizeOf({ host }: Ground, image: string): Promise<number | undefined> {
  const { exitCode, stdout } = await host.run(["stat", "--dereference", "--format=%F %s", image]);
  const bytes = /^regular file (\d+)/.exec(stdout)?.[1];
  return exitCode === 0 && bytes !== undefined ? Number(bytes) : undefined;
}

/** Of Intel's module or of AMD's: "Y" in newer kernels, "1" in older ones. */
async function readNested({ host }: Ground): Promise<boolean | undefined> {
  const modules = await Promise.all(
    ["kvm_intel", "kvm_amd"].map((module) => host.text(`/sys/module/${module}/parameters/nested`)),
  );
  const answers = modules.flatMap((text) => (text === undefined ? [] : [text.trim()]));
  return answers.length === 0 ? undefined : answers.some((answer) => answer === "Y" || answer === "1");
}

const guestJson = z.object({ vmid: z.coerce.number() });

const storageJson = z.object({
  storage: z.string(),
  type: z.string(),
  content: z.string().default(""),
  avail: z.coerce.number().optional(),
  active: z.union([z.number(), z.boolean()]).optional(),
});

const statusJson = z.object({
  memory: z.object({ free: z.number(), available: z.number().optional() }),
});

const featureJson = z.object({ hasFeature: z.union([z.boolean(), z.number()]) });
