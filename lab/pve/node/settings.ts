import { readFile } from "node:fs/promises";

/** Switches for tests, from /etc/default/lab-pve (`NAME=value` lines); pmxcfs reads IPC_DELAY there itself. */
export interface Settings {
  /** HANG_JOIN=1: a join never sees quorum and waits for ever (proxmox.md 4.6). */
  readonly hangJoin: boolean;
  /** OLD_IMPORT=1: `qm disk import` ends with the words of before October 2024 (proxmox.md 11). */
  readonly oldImport: boolean;
  /** DISK_SECONDS=5: what is done to a volume's data (copy, import, snapshot, rollback) takes so long, each. */
  readonly diskSeconds: number;
}

/** Reads the switches; without the file every behaviour is the ordinary one. */
export async function readSettings(root: string): Promise<Settings> {
  const values = parseDefaults(await readFile(`${root}/etc/default/lab-pve`, "utf8").catch(() => ""));
  return {
    hangJoin: values.HANG_JOIN === "1",
    oldImport: values.OLD_IMPORT === "1",
    diskSeconds: Number(values.DISK_SECONDS ?? 0),
  };
}

/** `NAME=value` lines of a file in /etc/default; quotes around a value are taken off. */
export function parseDefaults(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(/^\s*([A-Z_]+)\s*=\s*(.*?)\s*$/gm)];
  return Object.fromEntries(
    pairs.map(([, name = "", value = ""]) => [name, value.replace(/^(["'])(.*)\1$/, "$2")]),
  );
}
