import { basename } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { copyFile } from "../host/copy-file.ts";
import type { Host } from "../host/host.ts";
import { parseJson } from "../host/json.ts";
import { redact } from "../host/redact.ts";
import type { Door, Guest } from "./guest.ts";

/** What tailmox on a test VM is asked. */
export interface TrialOptions {
  readonly authKey: string | undefined;
  readonly loginServer: string | undefined;
  readonly tag: string;
  readonly clusterName: string;
}

/** A test VM with tailmox on it. */
export interface TrialHost {
  readonly guest: Guest;
  readonly door: Door;
  /** By ssh: a join replaces what an agent would be asked through, and answers can be long. */
  readonly shell: Host;
}

/** Copies this executable into a VM, and looks whether what arrived is it. Throws E_COMMAND_FAILED, E_TESTBED_TRY. */
export async function copyTailmox(
  here: Host,
  { guest, door, shell }: TrialHost,
  executable: { readonly path: string; readonly sha256: string },
): Promise<void> {
  const there = { name: guest.vm.name, inside: shell, ...door };
  await copyFile(here, there, executable.path, PROGRAM);
  const change = { what: `look at the copy on ${guest.vm.name}`, undo: "not needed" };
  const { stdout } = await shell.change(change, async (writer) => {
    await writer.run(["chmod", "755", PROGRAM], { timeoutMs: 20_000 });
    return writer.run(["sha256sum", PROGRAM], { timeoutMs: 60_000 });
  });
  if (stdout.startsWith(executable.sha256)) return;
  throw new UserError(
    "E_TESTBED_TRY",
    `what arrived on ${guest.vm.name} is not ${basename(executable.path)}`,
    {
      likely: "its disk is full",
      mend: `tailmox testbed ssh ${guest.vm.name} -- df -h`,
    },
  );
}

/** Runs tailmox in a VM with --json, and gives its result. Throws E_TESTBED_TRY with the other's code and words. */
export async function tailmoxIn<T extends z.ZodType>(
  { guest, shell }: TrialHost,
  schema: T,
  words: readonly [string, ...string[]],
  input?: string,
): Promise<z.output<T>> {
  const change = { what: `tailmox ${words.join(" ")}, on ${guest.vm.name}`, undo: "tailmox testbed revert" };
  const answer = await shell.change(change, (writer) =>
    writer.run([PROGRAM, ...words, "--json"], {
      timeoutMs: 900_000,
      ...(input !== undefined && { input }),
    }),
  );
  const parsed = envelopeJson.safeParse(parseJson(answer.stdout)).data;
  const result = parsed?.ok ? schema.safeParse(parsed.result) : undefined;
  if (result?.success) return result.data;
  const error = parsed?.error;
  const said = error ? `${error.what} (${error.code}); ${error.likely}` : answer.stderr.trim().slice(-500);
  throw new UserError("E_TESTBED_TRY", `tailmox ${words[0]} did not succeed on ${guest.vm.name}`, {
    likely: redact(said) || `it ended with ${answer.exitCode} and said nothing`,
    mend: `tailmox testbed ssh ${guest.vm.name} -- tail /var/log/tailmox.log`,
  });
}

/** The flags that every `up` of a trial has; the key goes by standard input. */
export function upFlags({ authKey, loginServer, tag, clusterName }: TrialOptions): string[] {
  return [
    ...["--yes", "--tag", tag, "--cluster-name", clusterName],
    ...(loginServer === undefined ? [] : ["--login-server", loginServer]),
    ...(authKey === undefined ? [] : ["--auth-key-file", "-"]),
  ];
}

const PROGRAM = "/usr/local/bin/tailmox";

const envelopeJson = z.object({
  ok: z.boolean(),
  result: z.unknown().optional(),
  error: z.object({ code: z.string(), what: z.string(), likely: z.string().default("") }).optional(),
});
