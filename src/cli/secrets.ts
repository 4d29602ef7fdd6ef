import { readFile } from "node:fs/promises";
import { UserError } from "../errors.ts";
import { keepSecret } from "../host/redact.ts";
import { replaceProcess } from "./replace-process.ts";

/**
 * The auth key from wherever it was given: file, standard input, environment, argv. The last stands in the
 * process list, so tailmox first puts another process image in its own place that has the key on a pipe.
 */
export async function readAuthKey(given: {
  authKey?: string | undefined;
  authKeyFile?: string | undefined;
}): Promise<string | undefined> {
  const fromEnvironment = process.env.TAILMOX_AUTH_KEY;
  // Every program that tailmox starts would inherit it.
  delete process.env.TAILMOX_AUTH_KEY;
  if (given.authKey !== undefined) replaceProcess(given.authKey, withoutKey);
  const text = given.authKeyFile === undefined ? fromEnvironment : await readSecretFile(given.authKeyFile);
  const key = text?.trim();
  if (key !== undefined) keepSecret(key);
  return key;
}

/** A secret from a file, or from standard input for "-". Throws E_SECRET. */
export async function readSecretFile(path: string): Promise<string> {
  const source = path === "-" ? "/dev/stdin" : path;
  try {
    return await readFile(source, "utf8");
  } catch (cause) {
    throw new UserError("E_SECRET", `${path === "-" ? "standard input" : path} could not be read`, {
      likely: cause instanceof Error ? cause.message : String(cause),
      mend: "give a file that holds the secret, or - for standard input",
      cause,
    });
  }
}

/** The same argv with the key named by a file instead of by itself. */
export function withoutKey(argv: readonly string[], keyFile: string): string[] {
  const kept: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--auth-key") index += 1;
    else if (!word.startsWith("--auth-key=")) kept.push(word);
  }
  return [...kept, "--auth-key-file", keyFile];
}
