import type { Command } from "commander";
import { bootHost } from "../machines/boot.ts";
import { hostShell } from "../machines/exec.ts";
import { crashHost, shutdownHost } from "../machines/power.ts";
import { restoreLab, snapshotLab } from "../machines/snapshot.ts";
import { progressOnStderr } from "../progress.ts";
import { hostOf, labOf } from "./lab-option.ts";

/** `boot`, `shutdown`, `crash`, `shell`, `exec`, `snapshot`, `restore`: what one does to machines. */
export function addMachineCommands(program: Command): void {
  const { step } = progressOnStderr();

  program
    .command("boot <host>")
    .description("switch a host on")
    .action(async (name: string, _flags: unknown, command: Command) => {
      const plan = await labOf(command);
      await step(`boot of ${name}`, "usually 3 s", () => bootHost(plan, hostOf(plan, name)));
    });

  program
    .command("shutdown <host>")
    .description("shut a host down in good order")
    .action(async (name: string, _flags: unknown, command: Command) => {
      const plan = await labOf(command);
      await step(`shutdown of ${name}`, "usually 3 s", () => shutdownHost(plan, hostOf(plan, name)));
    });

  program
    .command("crash <host>")
    .description("a power cut: all processes gone at once, and what was not synced")
    .action(async (name: string, _flags: unknown, command: Command) => {
      const plan = await labOf(command);
      await crashHost(plan, hostOf(plan, name));
    });

  program
    .command("shell <host>")
    .description("a root shell on a host")
    .action(async (name: string, _flags: unknown, command: Command) => {
      const plan = await labOf(command);
      process.exitCode = await hostShell(plan, hostOf(plan, name), []);
    });

  program
    .command("exec <host> <command...>")
    .description("run a command on a host: exec pve1 -- pvecm status")
    .action(async (name: string, argv: string[], _flags: unknown, command: Command) => {
      const plan = await labOf(command);
      process.exitCode = await hostShell(plan, hostOf(plan, name), argv);
    });

  program
    .command("snapshot <snapshot>")
    .description("keep the state of all disks under a name")
    .action(async (snapshot: string, _flags: unknown, command: Command) => {
      const plan = await labOf(command);
      await step(`snapshot ${snapshot}`, "usually 2 s", () => snapshotLab(plan, snapshot));
    });

  program
    .command("restore <snapshot>")
    .description("all disks back to a snapshot, and boot; what came after it is lost")
    .action(async (snapshot: string, _flags: unknown, command: Command) => {
      const plan = await labOf(command);
      await step(`restore ${snapshot}`, "usually 6 s", () => restoreLab(plan, snapshot));
    });
}
