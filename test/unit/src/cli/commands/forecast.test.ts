import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runProgram } from "../../../../../src/cli/program.ts";

let dir = "";
const file = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tailmox-forecast-"));
  const lines = ["home,fra1,31,1,0", "home,fra2,31,1,0", "home,oslo,40,3,0.01", "fra1,fra2,1,0,0"];
  const csv = ["from,to,rtt_ms,jitter_ms,loss", ...lines, "fra1,oslo,50,2,0.01", "fra2,oslo,50,2,0.01"];
  await writeFile(file("four.csv"), csv.join("\n"));
  await writeFile(file("hole.csv"), csv.slice(0, -1).join("\n"));
  const even = (count: number, rttMs: number, ids: readonly (number | undefined)[] = []) => {
    const hosts = Array.from({ length: count }, (_, i) => ({ name: `pve${i + 1}`, nodeid: ids[i] }));
    const links = hosts.flatMap((a) =>
      hosts.filter((b) => a !== b).map((b) => ({ from: a.name, to: b.name, rttMs, loss: 0 })),
    );
    return JSON.stringify({ schemaVersion: 1, hosts, links });
  };
  await writeFile(file("far.json"), even(12, 600));
  await writeFile(file("joiner.json"), even(3, 40, [10, 20, undefined]));
  await writeFile(file("corosync.conf"), "totem {\n  token: 10000\n  token_coefficient: 0\n}\n");
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Runs tailmox in this process and gives what it prints. */
async function tailmox(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const log = spyOn(console, "log").mockImplementation((text: unknown) => {
    out += `${text}\n`;
  });
  const collect = (into: (text: string) => void) => (text: string | Uint8Array) => {
    into(String(text));
    return true;
  };
  const stdout = spyOn(process.stdout, "write").mockImplementation(collect((text) => (out += text)));
  const stderr = spyOn(process.stderr, "write").mockImplementation(collect((text) => (err += text)));
  try {
    const status = await runProgram(argv);
    return { status, out, err };
  } finally {
    for (const spy of [log, stdout, stderr]) spy.mockRestore();
  }
}

const forecastJson = z.object({
  schemaVersion: z.literal(1),
  ok: z.literal(true),
  result: z.object({
    ring: z.object({
      order: z.array(z.string()),
      rotationMs: z.number(),
      best: z.object({ order: z.array(z.string()), rotationMs: z.number() }),
    }),
    membershipChangesPerDay: z.object({ mean: z.number(), low: z.number(), high: z.number() }),
    outageMs: z.object({ crash: z.number(), leave: z.number() }),
    fileChangeMs: z.number(),
    totem: z.object({ token: z.number(), token_coefficient: z.number() }),
    verdict: z.enum(["green", "amber", "red"]),
    reasons: z.array(z.string()),
    sentence: z.string(),
  }),
});

describe("tailmox forecast", () => {
  test("prints the fields that programs rely on, and the same again for the same seed", async () => {
    const argv = ["forecast", "--matrix", file("four.csv"), "--settings", "pve-9", "--seed", "3", "--json"];
    const { status, out } = await tailmox(...argv);
    expect(status).toBe(0);
    const { result } = forecastJson.parse(JSON.parse(out));
    expect(result.ring.order).toEqual(["home", "fra1", "fra2", "oslo"]);
    expect(result.ring.rotationMs).toBeCloseTo(61, 6);
    expect(result.fileChangeMs).toBeCloseTo(122, 6);
    expect(result.totem).toMatchObject({ token: 3000, token_coefficient: 125 });
    expect((await tailmox(...argv)).out).toBe(out);
  });

  test("puts the verdict first and keeps to 80 columns", async () => {
    const { out } = await tailmox("forecast", "--matrix", file("four.csv"));
    expect(out).toStartWith("GREEN  Four hosts will hold together.\n");
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const word of ["ring ", "/etc/pve", "crash", "stability", "weakest", "with pve-9"]) {
      expect(out).toContain(word);
    }
  });

  test("judges a corosync.conf", async () => {
    const { out } = await tailmox(
      "forecast",
      "--matrix",
      file("four.csv"),
      "--settings",
      file("corosync.conf"),
      "--json",
    );
    expect(forecastJson.parse(JSON.parse(out)).result.totem).toMatchObject({ token: 10000 });
  });

  test("says not to cluster hosts that no settings can hold together", async () => {
    const { status, out } = await tailmox("forecast", "--matrix", file("far.json"), "--ha");
    expect(status).toBe(0);
    expect(out).toStartWith("RED    Do not cluster these:");
    expect(out.replace(/\s+/g, " ")).toContain("Use two clusters and Proxmox Datacenter Manager.");
  });

  test.each([
    ["no matrix", ["forecast"], 2, "E_NEEDS_MATRIX"],
    [
      "the settings of a living cluster",
      ["forecast", "--matrix", "four.csv", "--settings", "current"],
      2,
      "E_NEEDS_MATRIX",
    ],
    ["a file that is not there", ["forecast", "--matrix", "gone.csv"], 2, "E_MATRIX"],
    [
      "settings that are not there",
      ["forecast", "--matrix", "four.csv", "--settings", "pve-7"],
      2,
      "E_SETTINGS",
    ],
    ["a hole", ["forecast", "--matrix", "hole.csv"], 4, "E_MATRIX_HOLES"],
    ["a host that is not in it", ["forecast", "--matrix", "four.csv", "--without", "rome"], 2, "E_MATRIX"],
    ["a seed that is no number", ["forecast", "--matrix", "four.csv", "--seed", "x"], 2, "E_USAGE"],
    ["a living ring", ["ring"], 2, "E_NEEDS_MATRIX"],
    ["a living cluster to tune", ["tune"], 2, "E_NEEDS_MATRIX"],
    ["a change from a file", ["tune", "--matrix", "four.csv"], 2, "E_NEEDS_MATRIX"],
    ["a ring that fits nothing", ["tune", "--matrix", "far.json", "--dry-run"], 4, "E_TUNE_NO_FIT"],
    [
      "HA with a risk that excludes it",
      ["tune", "--matrix", "four.csv", "--dry-run", "--ha", "--accept-risk", "no-ha"],
      2,
      "E_USAGE",
    ],
  ] as const)("with %s it ends with the code for it", async (_, argv, status, code) => {
    const found = await tailmox(...argv.map((word) => (/\.(csv|json)$/.test(word) ? file(word) : word)));
    expect(found.err).toContain(code);
    expect(found.status).toBe(status);
    expect(found.out).toBe("");
  });

  test("forecasts the rest of a matrix with a hole", async () => {
    const { status, out } = await tailmox(
      "forecast",
      "--matrix",
      file("hole.csv"),
      "--without",
      "oslo",
      "--json",
    );
    expect(status).toBe(0);
    expect(forecastJson.parse(JSON.parse(out)).result.ring.order).toEqual(["home", "fra1", "fra2"]);
  });
});

describe("tailmox ring", () => {
  test("gives ids for a cluster that is only planned", async () => {
    const { out } = await tailmox("ring", "--matrix", file("four.csv"));
    expect(out).toContain("The ring is as short as it can be: 61 ms.");
    expect(out).toContain("fra1 10, ");
  });

  test("gives a joiner its id between the members", async () => {
    const { out } = await tailmox("ring", "--matrix", file("joiner.json"), "--json");
    expect(JSON.parse(out)).toMatchObject({
      result: { joiners: [{ name: "pve3", nodeid: 30, addsMs: 20 }] },
    });
  });
});

describe("tailmox tune --dry-run", () => {
  test("computes settings and ring, with old, new and reason of each key", async () => {
    const { status, out } = await tailmox("tune", "--matrix", file("four.csv"), "--dry-run", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      result: {
        totem: { token: 10000, token_coefficient: 0, knet_ping_interval: 500, knet_ping_timeout: 8000 },
        ring: { best: { rotationMs: 61 } },
        before: { verdict: expect.stringMatching(/amber|red/) },
        after: { verdict: "green" },
      },
    });
    expect(JSON.parse(out).result.changes).toContainEqual({
      key: "token_coefficient",
      old: 125,
      new: 0,
      why: expect.any(String),
    });
  });

  test("shows both forecasts and says that nothing was changed", async () => {
    const { out } = await tailmox("tune", "--matrix", file("four.csv"), "--dry-run");
    expect(out).toContain("token  3000 -> 10000");
    expect(out).toContain("Nothing was changed");
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
