import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { dirname } from "node:path";
import { ownProgram } from "./own-program.ts";

/** The name of the variable that makes tailmox answer as ssh's askpass program; its value is a socket's path. */
export const ASKPASS_SOCKET = "TAILMOX_ASKPASS_SOCKET";

/**
 * Lets ssh ask for a password: gives the environment for it. The password itself stands in no environment, argv
 * or file, but is told over a socket (0600, in a folder 0700) for as long as this process lives. undefined when
 * this program runs from source, since ssh starts an askpass program without arguments of ours.
 */
export async function offerPassword(password: string): Promise<Readonly<Record<string, string>> | undefined> {
  const [file, ...script] = ownProgram();
  if (script.length > 0) return undefined;
  offered += 1;
  const path = `/run/tailmox/askpass-${process.pid}-${offered}.sock`;
  await serve(path, password);
  return { SSH_ASKPASS: file, SSH_ASKPASS_REQUIRE: "force", [ASKPASS_SOCKET]: path };
}

/** Tells whoever connects to the socket, which only root can, the words. */
export async function serve(path: string, words: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  const server = createServer((client) => {
    client.on("error", () => undefined);
    client.end(words);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  server.unref();
  process.once("exit", () => rmSync(path, { force: true }));
}

/** What the socket tells; "" after 5 s. */
export function hear(path: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const client = createConnection(path);
    client.setEncoding("utf8").setTimeout(5_000, () => client.destroy());
    client.on("data", (text) => {
      heard += String(text);
    });
    client.on("error", () => undefined);
    client.on("close", () => resolve(heard));
  });
}

let offered = 0;
