import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { Glob } from "bun";
import { projectDir } from "../../lab/paths.ts";

/** What may import what: design.md, "Rooms". Each room lists the folders it must not reach into. */
const WALLS: readonly { room: string; never: readonly string[]; except?: readonly string[] }[] = [
  { room: "src/", never: ["lab/", "test/"] },
  { room: "src/cluster/", never: ["src/"], except: ["src/cluster/", "src/errors.ts"] },
  { room: "src/policy/", never: ["src/"], except: ["src/policy/", "src/errors.ts"] },
  { room: "src/host/", never: ["src/cli/", "src/steps/"] },
  { room: "src/tailnet/", never: ["src/cli/", "src/steps/"] },
  { room: "src/proxmox/", never: ["src/cli/", "src/steps/"] },
  { room: "lab/pve/", never: ["src/"], except: ["src/host/run.ts", "src/errors.ts"] },
];

test("imports point one way", async () => {
  const crossed: string[] = [];
  for await (const file of new Glob("{src,lab}/**/*.ts").scan(projectDir)) {
    for (const target of await importsOf(file)) {
      for (const { room, never, except = [] } of WALLS) {
        const forbidden =
          never.some((wall) => target.startsWith(wall)) && !except.some((way) => target.startsWith(way));
        if (file.startsWith(room) && forbidden) crossed.push(`${file} -> ${target}`);
      }
    }
  }
  expect(crossed).toEqual([]);
});

async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(join(projectDir, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path]) =>
    normalize(join(dirname(file), path ?? "")),
  );
}
