import { dlopen, ptr } from "bun:ffi";
import { closeSync, writeSync } from "node:fs";
import { UserError } from "../errors.ts";

/**
 * Puts the same program in this process's place (execve), with the secret on a pipe that it inherits, so that
 * the secret no longer stands in the process list. Does not return; throws E_SECRET when the system refuses.
 * By way of libc, because process.execve closes every descriptor but the three standard ones (Bun 1.4.5).
 */
export function replaceProcess(
  secret: string,
  rewrite: (argv: readonly string[], secretFile: string) => readonly string[],
): never {
  const { symbols } = dlopen("libc.so.6", {
    pipe: { args: ["ptr"], returns: "int" },
    execve: { args: ["ptr", "ptr", "ptr"], returns: "int" },
  });
  const ends = new Int32Array(2);
  if (symbols.pipe(ptr(ends)) !== 0) throw refused("pipe");
  const [readEnd = -1, writeEnd = -1] = ends;
  // A pipe holds 64 KiB without a reader; a key has some 60 bytes.
  writeSync(writeEnd, secret.slice(0, 4_096));
  closeSync(writeEnd);
  // The script's path stands in argv only when Bun runs it from source.
  const isCompiled = import.meta.path.startsWith("/$bunfs/");
  const script = isCompiled ? [] : process.argv.slice(1, 2);
  const argv = [process.execPath, ...script, ...rewrite(process.argv.slice(2), `/dev/fd/${readEnd}`)];
  const env = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ""}`);
  const strings = [cString(process.execPath)];
  symbols.execve(ptr(strings[0] ?? cString("")), vector(argv, strings), vector(env, strings));
  throw refused("execve");
}

/** A null-terminated vector of C strings; `keep` holds what it points to. */
function vector(words: readonly string[], keep: Buffer[]) {
  const pointers = new BigUint64Array(words.length + 1);
  for (const [index, word] of words.entries()) {
    const text = cString(word);
    keep.push(text);
    pointers[index] = BigInt(ptr(text));
  }
  keep.push(Buffer.from(pointers.buffer));
  return ptr(pointers);
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function refused(call: string): UserError {
  return new UserError("E_SECRET", "the auth key could not be taken out of the process list", {
    likely: `the system refused ${call}`,
    mend: "give the key in a file: --auth-key-file FILE",
  });
}
