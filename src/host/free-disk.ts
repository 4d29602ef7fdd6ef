import type { Reader } from "./host.ts";

/** Bytes that are free where a path is or would be; undefined when df does not say. */
export async function readFreeBytes(reader: Reader, path: string): Promise<number | undefined> {
  const argv = ["df", "--output=avail", "-B1", path] as const;
  return parseFreeBytes((await reader.run(argv, { timeoutMs: 5_000 })).stdout);
}

export function parseFreeBytes(text: string): number | undefined {
  const bytes = /^\s*(\d+)\s*$/m.exec(text)?.[1];
  return bytes === undefined ? undefined : Number(bytes);
}
