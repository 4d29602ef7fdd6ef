import { z } from "zod";

/** Where a host that has bays finds the lab's hypervisor; the lab binds it into that host alone. */
export const HYPERVISOR_DIR = "/run/lab-hypervisor";
export const HYPERVISOR_SOCKET = `${HYPERVISOR_DIR}/socket`;

const volume = z.string().min(1);
const vmid = z.number().int().positive();
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/);

/** What the stand-in asks of the hypervisor: volumes that a machine's disk lies in, and the machines. */
export const hypervisorRequest = z.discriminatedUnion("do", [
  /** Puts the disk image that a file stands for (`imageMark`) into a volume. */
  z.object({ do: z.literal("import"), image: name, volume }),
  /** Copies a volume, or a snapshot of it, into another one. Nothing to copy is no error. */
  z.object({ do: z.literal("copy"), from: volume, snapshot: z.string().optional(), to: volume }),
  z.object({ do: z.literal("rename"), from: volume, to: volume }),
  z.object({ do: z.literal("free"), volume }),
  z.object({ do: z.literal("snapshot"), volume, name }),
  z.object({ do: z.literal("delsnapshot"), volume, name }),
  z.object({ do: z.literal("rollback"), volume, name }),
  /** Presses the power button; gives an answer at once. */
  z.object({ do: z.literal("powerdown"), vmid }),
  z.object({ do: z.literal("pause"), vmid }),
  z.object({ do: z.literal("resume"), vmid }),
  /** Does the guest agent answer? */
  z.object({ do: z.literal("ping"), vmid }),
  z.object({ do: z.literal("exec"), vmid, argv: z.array(z.string()).min(1), input: z.string().optional() }),
  z.object({ do: z.literal("exec-status"), vmid, pid: z.number() }),
]);
export type HypervisorRequest = z.infer<typeof hypervisorRequest>;

/** What became of a command in a guest, as the agent tells it; texts are base64 here. */
export const execState = z.object({
  exited: z.boolean(),
  exitcode: z.number().optional(),
  signal: z.number().optional(),
  out: z.string().default(""),
  err: z.string().default(""),
});
export type ExecState = z.infer<typeof execState>;

export const hypervisorAnswer = z.object({
  ok: z.boolean(),
  error: z.string().optional(),
  /** `ping`: whether the agent answers; `copy`, `import`: whether there was something to copy. */
  yes: z.boolean().optional(),
  pid: z.number().optional(),
  exec: execState.optional(),
});
export type HypervisorAnswer = z.infer<typeof hypervisorAnswer>;

/** First line of a file that stands for one of the lab's disk images; the rest of the file is a hole. */
export function imageMark(image: string): string {
  return `LAB-DISK-IMAGE ${image}\n`;
}

/** The image that a file stands for, from the file's beginning. */
export function imageIn(beginning: string): string | undefined {
  return /^LAB-DISK-IMAGE ([A-Za-z][A-Za-z0-9_-]*)\n/.exec(beginning)?.[1];
}
