import { fstatSync, read as readCallback, readFileSync } from "node:fs";
import { isatty } from "node:tty";
import { PveError } from "../errors.ts";
import { writeAll } from "../tasks/task.ts";

/**
 * Reads a password as PVE::PTY does (proxmox.md 4.1): from a pipe one line without a prompt; on a terminal a
 * prompt, raw mode, and a star per character.
 */
export async function askPassword(question: string): Promise<string> {
  if (!isatty(0)) {
    const line = await readLine();
    if (line === undefined) throw new PveError("EOF while reading password");
    return line;
  }
  writeAll(1, question);
  process.stdin.setRawMode(true);
  try {
    return await typedPassword();
  } finally {
    process.stdin.setRawMode(false);
  }
}

/** A question that only `yes`, in any case, answers with true; the end of input is no. */
export async function askYes(question: string): Promise<boolean> {
  writeAll(1, question);
  return (await readLine())?.trim().toLowerCase() === "yes";
}

/**
 * A worker of Proxmox takes the terminal for itself, which only works on the controlling one: anything else
 * that is a terminal ends the command at once with status 25 (proxmox.md 4.1).
 */
export function assertControllingTerminal(): void {
  if (!isatty(0)) return;
  const stat = readFileSync("/proc/self/stat", "utf8");
  const controlling = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4]);
  if (controlling !== 0 && deviceNumber(fstatSync(0).rdev) === controlling) return;
  throw new PveError(
    "failed to tcsetpgrp: Inappropriate ioctl for device\ngot no worker upid - start worker failed",
    { exitCode: 25 },
  );
}

let buffered: Buffer = Buffer.alloc(0);

async function typedPassword(): Promise<string> {
  let password = "";
  for (;;) {
    const byte = await readByte();
    if (byte === undefined) throw new PveError("EOF while reading password");
    const char = String.fromCharCode(byte);
    if (char === "\r" || char === "\n") {
      // The runtime's raw mode leaves the terminal's output alone, which makes CR LF of it.
      writeAll(1, "\n");
      // Bytes of UTF-8 were taken one by one.
      return Buffer.from(password, "latin1").toString("utf8");
    }
    if (char === "\x03") {
      writeAll(1, "\n");
      throw new PveError("password input aborted");
    }
    if (char === "\x7f" || char === "\b") {
      if (password !== "") writeAll(1, "\b \b");
      password = password.slice(0, -1);
      continue;
    }
    password += char;
    writeAll(1, "*");
  }
}

async function readLine(): Promise<string | undefined> {
  const bytes: number[] = [];
  for (;;) {
    const byte = await readByte();
    if (byte === undefined) return bytes.length === 0 ? undefined : Buffer.from(bytes).toString("utf8");
    if (byte === 10) return Buffer.from(bytes).toString("utf8");
    bytes.push(byte);
  }
}

/** Not synchronous: a signal has to end the program while it waits here. */
async function readByte(): Promise<number | undefined> {
  if (buffered.length === 0) {
    buffered = await new Promise<Buffer>((resolve) => {
      const chunk = Buffer.alloc(4096);
      readCallback(0, chunk, 0, chunk.length, null, (error, count) =>
        resolve(error ? Buffer.alloc(0) : chunk.subarray(0, count)),
      );
    });
  }
  const [first] = buffered;
  buffered = buffered.subarray(1);
  return first;
}

/** Linux's 32-bit form of a device number, as /proc/PID/stat has it, from the C library's 64-bit form. */
function deviceNumber(rdev: number): number {
  const wide = BigInt(rdev);
  const major = Number((wide >> 8n) & 0xfffn);
  const minor = Number((wide & 0xffn) | ((wide >> 12n) & 0xfff00n));
  return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
}
