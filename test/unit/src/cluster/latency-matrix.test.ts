import { describe, expect, test } from "bun:test";
import { type LatencyMatrix, parseLatencyMatrix } from "../../../../src/cluster/latency-matrix.ts";
import { fullMesh, without } from "../../../../src/cluster/mesh.ts";
import { UserError } from "../../../../src/errors.ts";

const hosts = [{ name: "a", nodeid: 20 }, { name: "b", nodeid: 10 }, { name: "c" }];
const json = (links: unknown[], more: object = {}) =>
  parseLatencyMatrix(JSON.stringify({ schemaVersion: 1, hosts, links, ...more }), "m.json");
const csv = (...lines: string[]) =>
  parseLatencyMatrix(["from,to,rtt_ms,jitter_ms,loss", ...lines].join("\n"), "m.csv");
const errorOf = (work: () => unknown): UserError => {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("no error");
};

describe("a latency matrix from JSON", () => {
  test("keeps ids and what was told of a link", () => {
    const matrix = json([
      { from: "a", to: "b", rttMs: 20, jitterMs: 2, sent: 40, lost: 1, mtu: 1280, path: "direct" },
    ]);
    expect(matrix.hosts).toEqual(hosts);
    expect(matrix.links[0]?.[1]).toEqual({
      rttMs: 20,
      oneWayMs: 10,
      jitterMs: 2,
      loss: 0.025,
      sent: 40,
      lost: 1,
      mtu: 1280,
      path: "direct",
    });
  });

  test("fills a missing direction from the other, its one-way delay from what is left of the RTT", () => {
    const matrix = json([
      { from: "a", to: "b", rttMs: 100, oneWayMs: 70, jitterMs: 3, loss: 0.01, mtu: 1280 },
    ]);
    expect(matrix.links[1]?.[0]).toEqual({ rttMs: 100, oneWayMs: 30, jitterMs: 3, loss: 0.01 });
  });

  test("takes half the RTT where neither direction was told, and the rest where one was", () => {
    const matrix = json([
      { from: "a", to: "b", rttMs: 100, oneWayMs: 70 },
      { from: "b", to: "a", rttMs: 102 },
      { from: "a", to: "c", rttMs: 10 },
    ]);
    expect(matrix.links[1]?.[0]?.oneWayMs).toBe(32);
    expect(matrix.links[2]?.[0]?.oneWayMs).toBe(5);
  });

  test("leaves a pair unknown that nobody measured", () => {
    expect(json([]).links[0]?.[1]).toBeUndefined();
  });

  test("tolerates keys that it does not know, and a byte order mark", () => {
    const text = `\uFEFF${JSON.stringify({ schemaVersion: 1, hosts, links: [], madeBy: "hand" })}`;
    expect(parseLatencyMatrix(text, "m.json").hosts.length).toBe(3);
  });

  test.each([
    ["a negative RTT", [{ from: "a", to: "b", rttMs: -1 }], "link a to b, rttMs"],
    ["an absurd RTT", [{ from: "a", to: "b", rttMs: 90_000 }], "10 s"],
    ["a negative jitter", [{ from: "a", to: "b", rttMs: 1, jitterMs: -1 }], "jitterMs"],
    ["loss in per cent", [{ from: "a", to: "b", rttMs: 1, loss: 5 }], "5 % is 0.05"],
    ["a host that is not in the file", [{ from: "a", to: "x", rttMs: 1 }], "no host x"],
    ["a link to itself", [{ from: "a", to: "a", rttMs: 1 }], "to itself"],
    [
      "a link twice",
      [
        { from: "a", to: "b", rttMs: 1 },
        { from: "a", to: "b", rttMs: 2 },
      ],
      "there twice",
    ],
    ["one way longer than both", [{ from: "a", to: "b", rttMs: 1, oneWayMs: 2 }], "longer than rttMs"],
    ["more lost than sent", [{ from: "a", to: "b", rttMs: 1, sent: 2, lost: 3 }], "more probes lost"],
    ["a text for a number", [{ from: "a", to: "b", rttMs: "1" }], "rttMs"],
  ])("refuses %s, and names it", (_, links, words) => {
    const error = errorOf(() => json(links));
    expect(error.code).toBe("E_MATRIX");
    expect(error.message).toContain(words);
  });

  test.each([
    ["no JSON", "{", "does not parse"],
    ["another version", '{"schemaVersion":2,"hosts":[{"name":"a"}],"links":[]}', "schemaVersion"],
    ["no host", '{"schemaVersion":1,"hosts":[],"links":[]}', "names no host"],
    [
      "a host twice",
      '{"schemaVersion":1,"hosts":[{"name":"a"},{"name":"a"}],"links":[]}',
      "a is there twice",
    ],
    [
      "an id twice",
      '{"schemaVersion":1,"hosts":[{"name":"a","nodeid":1},{"name":"b","nodeid":1}],"links":[]}',
      "nodeid 1",
    ],
    ["an id of 0", '{"schemaVersion":1,"hosts":[{"name":"a","nodeid":0}],"links":[]}', "nodeid"],
  ])("refuses %s", (_, text, words) => {
    const error = errorOf(() => parseLatencyMatrix(text, "m.json"));
    expect(error.code).toBe("E_MATRIX");
    expect(error.message).toContain(words);
  });
});

describe("a latency matrix from CSV", () => {
  test("has its hosts in the order of their first mention, and may leave jitter and loss empty", () => {
    const matrix = csv('"a","b",20,2,0.01', "", "c,a,30,,\r", "b,c,40");
    expect(matrix.hosts.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(matrix.links[1]?.[0]).toEqual({ rttMs: 20, oneWayMs: 10, jitterMs: 2, loss: 0.01 });
    expect(matrix.links[0]?.[2]).toEqual({ rttMs: 30, oneWayMs: 15, jitterMs: 0 });
  });

  test.each([
    ["another header", "von,nach\na,b", "first line"],
    ["nothing", "", "first line"],
    ["a word for a number", "from,to,rtt_ms,jitter_ms,loss\na,b,fast,,", "line 2: rtt_ms is no number"],
    ["a line without RTT", "from,to,rtt_ms,jitter_ms,loss\na,b,,,", "line 2 has no rtt_ms"],
    ["a line without host", "from,to,rtt_ms,jitter_ms,loss\na,,1,,", "line 2"],
    ["six columns", "from,to,rtt_ms,jitter_ms,loss\na,b,1,2,0,9", "line 2"],
    ["loss in per cent", "from,to,rtt_ms,jitter_ms,loss\na,b,1,2,3", "link a to b, loss"],
  ])("refuses %s, with the line", (_, text, words) => {
    const error = errorOf(() => parseLatencyMatrix(text, "m.csv"));
    expect(error.code).toBe("E_MATRIX");
    expect(error.message).toContain(words);
  });
});

describe("a full mesh", () => {
  const holed = csv("a,b,10,,0", "b,c,10,,0", "c,d,10,,0", "a,c,10,,0", "a,d,10,,0");

  test("is refused for a matrix with a hole, which is named, with the host to leave out", () => {
    const error = errorOf(() => fullMesh(holed));
    expect(error.code).toBe("E_MATRIX_HOLES");
    expect(error.message).toContain("b and d");
    expect(error.mend).toContain("--without b");
    expect(fullMesh(without(holed, ["b"])).hosts.length).toBe(3);
  });

  test("is refused where one direction of a pair is dead", () => {
    const dead = csv("a,b,10,,0", "b,a,10,,1", "b,c,10,,0", "a,c,10,,0");
    const error = errorOf(() => fullMesh(dead));
    expect(error.code).toBe("E_DEAD_PAIR");
    expect(error.message).toContain("a and b");
  });

  test("is refused for one host", () => {
    const one: LatencyMatrix = { hosts: [{ name: "a" }], links: [[undefined]] };
    expect(errorOf(() => fullMesh(one))).toMatchObject({ code: "E_MATRIX" });
  });

  test("knows the hosts that may be left out", () => {
    const error = errorOf(() => without(holed, ["x"]));
    expect(error.code).toBe("E_MATRIX");
    expect(error.mend).toContain("a, b, c, d");
  });
});
