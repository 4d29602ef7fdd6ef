import { describe, expect, test } from "bun:test";
import { parseLatencyMatrix } from "../../../../src/cluster/latency-matrix.ts";
import { fullMesh } from "../../../../src/cluster/mesh.ts";
import type { KnetStats } from "../../../../src/corosync/cmap.ts";
import { UserError } from "../../../../src/errors.ts";
import { matrixCsv, matrixFile } from "../../../../src/latency/matrix-file.ts";
import type { MeasuredLink, Measurement } from "../../../../src/latency/measure.ts";

const up: KnetStats = { connected: true, rttMs: 21, downs: 0, dataMtu: 1173 };

function link(from: string, to: string, given: Partial<MeasuredLink> = {}): MeasuredLink {
  const rttMs = { median: 20, p95: 22, max: 30, jitter: 1 };
  return { from, to, sent: 40, lost: 0, rttMs, mtu: 1280, path: "direct", knet: up, ...given };
}

function measurement(...links: MeasuredLink[]): Measurement {
  const hosts = ["a", "b", "c"].map((name, place) => ({
    name,
    nodeid: 10 * (place + 1),
    address: `100.64.0.${place + 1}`,
    unknown: links.some(({ from }) => from === name) ? undefined : "ssh as root: no answer",
    libknet: undefined,
  }));
  return { scope: { kind: "members", cluster: "x" }, durationMs: 4_000, hosts, links };
}

function read(measured: Measurement) {
  return parseLatencyMatrix(JSON.stringify(matrixFile(measured)), "measured");
}

function codeOf(measured: Measurement): string {
  try {
    fullMesh(read(measured));
    return "a full mesh";
  } catch (error) {
    return error instanceof UserError ? error.code : String(error);
  }
}

const silent = { rttMs: undefined, lost: 40, mtu: undefined } as const;

describe("a measurement as a matrix", () => {
  test("is read back with the loss of the pair, of both ends' echoes", () => {
    const { hosts, links } = read(measurement(link("a", "b", { lost: 4 }), link("b", "a"), link("a", "c")));
    expect(hosts.map(({ nodeid }) => nodeid)).toEqual([10, 20, 30]);
    expect(links[0]?.[1]).toMatchObject({
      rttMs: 20,
      jitterMs: 1,
      sent: 80,
      lost: 4,
      mtu: 1280,
      path: "direct",
    });
    expect(links[0]?.[1]?.loss).toBeCloseTo(0.0253, 4);
    expect(links[1]?.[0]?.loss).toBe(links[0]?.[1]?.loss);
  });

  test("a pair that neither end could measure stays unknown", () => {
    const measured = measurement(link("a", "b"), link("a", "c"));
    expect(read(measured).links[1]?.[2]).toBeUndefined();
    expect(codeOf(measured)).toBe("E_MATRIX_HOLES");
  });

  test("the end that could measure speaks for the other", () => {
    expect(codeOf(measurement(link("a", "b"), link("a", "c"), link("b", "c")))).toBe("a full mesh");
  });

  test("a pair through which nothing passes is dead, and called so", () => {
    const dead = { ...silent, knet: { ...up, connected: false } };
    expect(codeOf(measurement(link("a", "b"), link("a", "c", dead), link("b", "c", dead)))).toBe(
      "E_DEAD_PAIR",
    );
  });

  test("where echoes are forbidden corosync's own round trip counts, and its loss stays unknown", () => {
    const { links } = read(measurement(link("a", "b", silent)));
    expect(links[0]?.[1]).toMatchObject({ rttMs: 21 });
    expect(links[0]?.[1]?.loss).toBeUndefined();
  });

  test("one end that gets no echoes does not make the pair lossy", () => {
    const { links } = read(measurement(link("a", "b", { ...silent, knet: undefined }), link("b", "a")));
    expect(links[0]?.[1]).toMatchObject({ rttMs: 20, loss: 0, sent: 40 });
  });

  test("as CSV it is read back too", () => {
    const text = matrixCsv(measurement(link("a", "b"), link("b", "c"), link("a", "c", { lost: 2 })));
    expect(text.split("\n")[1]).toBe("a,b,20,1,0");
    expect(fullMesh(parseLatencyMatrix(text, "m.csv")).hosts).toHaveLength(3);
  });
});
