import { isAbsolute } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { type CreateResult, createTestbed } from "../../testbed/create.ts";
import { alignColumns } from "../../up/table.ts";
import { assertRoot } from "../assert-root.ts";
import { changeHere } from "../change-here.ts";
import { parseFlags } from "../flags.ts";
import { enterTestbed, testbedFlags } from "../testbed-place.ts";

/** `tailmox testbed create`: test VMs of a template or an image. Gives the exit status. */
export async function runTestbedCreate(raw: unknown): Promise<number> {
  const flags = parseFlags(createFlags, raw);
  assertSource(flags);
  assertRoot();
  return changeHere("tailmox testbed create", flags, async (place) => {
    const { ground, company } = await enterTestbed(place);
    const wishes = {
      ...flags,
      template: flags.template,
      image: flags.image,
      vmid: flags.vmid,
      storage: flags.storage,
      memoryMiB: flags.memory,
      acceptNoNested: flags.acceptRisk.includes("no-nested"),
      bootMs: flags.bootTimeout,
    };
    const result = await createTestbed(ground, wishes, company);
    return { outcome: result.outcome, result, lines: closing(result) };
  });
}

const vmidFlag = z.coerce.number("a number").int("a whole number").min(100).max(999_999_999);

const createFlags = testbedFlags.extend({
  template: vmidFlag.optional(),
  image: z.string().refine(isAbsolute, "give the whole path, from / on").optional(),
  nodes: z.coerce.number("a number").int("a whole number").min(1).max(16).default(3),
  prefix: z.string().default("tailmox-test"),
  vmid: vmidFlag.optional(),
  storage: z
    .string()
    .regex(/^[a-z][a-z0-9_.-]*[a-z0-9]$/i, "not the name of a storage")
    .optional(),
  bridge: z
    .string()
    .regex(/^[a-z][a-z0-9_.]{0,14}$/i, "not the name of a bridge")
    .default("vmbr0"),
  memory: z.coerce.number("in MiB").int("in MiB").min(1024).default(4096),
  cores: z.coerce.number("a number").int("a whole number").min(1).max(128).default(2),
  snapshot: z.string().default("ready-for-testing"),
  acceptRisk: z.array(z.enum(["no-nested"], "one of: no-nested")).default([]),
});

function assertSource({
  template,
  image,
}: {
  template?: number | undefined;
  image?: string | undefined;
}): void {
  if ((template === undefined) !== (image === undefined)) return;
  throw new UserError("E_USAGE", "give either --template VMID or --image FILE", {
    likely: template === undefined ? "neither was given" : "both were given",
    mend: "tailmox testbed create --template 9000 --nodes 3",
  });
}

function closing({ outcome, nodes, snapshot }: CreateResult): string[] {
  if (outcome === "dry run") return ["", "Dry run: nothing was changed."];
  const rows = nodes.map(({ name, vmid, address }) => [`  ${name}`, `VM ${vmid}`, address ?? ""]);
  return [
    "",
    outcome === "nothing to do"
      ? `Nothing to do: all ${nodes.length} VMs are there.`
      : `${nodes.length} VMs are ready; tailmox testbed revert takes them back to "${snapshot}".`,
    ...alignColumns(rows),
    "Next: tailmox testbed try --auth-key-file FILE",
  ];
}
