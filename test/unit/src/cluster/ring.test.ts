import { describe, expect, test } from "bun:test";
import type { Mesh } from "../../../../src/cluster/mesh.ts";
import { newIdsForBestRing } from "../../../../src/cluster/new-ids.ts";
import { gappedIds, insertionId } from "../../../../src/cluster/node-ids.ts";
import { bestRing, ringNames, ringOrder, rotationMs } from "../../../../src/cluster/ring.ts";
import { evenMesh, inOrder, meshOf, siteMesh } from "./meshes.ts";

const withIds = (mesh: Mesh, ids: readonly (number | undefined)[]): Mesh => ({
  ...mesh,
  hosts: mesh.hosts.map(({ name }, i) => {
    const nodeid = ids[i];
    return nodeid === undefined ? { name } : { name, nodeid };
  }),
});

describe("the ring", () => {
  test("runs by nodeid, not by the file; hosts without id come last, as in the file", () => {
    const mesh = withIds(evenMesh(5, 10, 0), [100, undefined, 200, 150, undefined]);
    expect(ringNames(mesh, ringOrder(mesh))).toEqual(["h0", "h3", "h2", "h1", "h4"]);
  });

  test("of two sites 100 ms apart takes 300 ms with alternating ids and 100 with grouped ones", () => {
    const mesh = siteMesh("ababab", 100);
    expect(rotationMs(mesh, ringOrder(mesh))).toBeCloseTo(300, 6);
    expect(bestRing(mesh).rotationMs).toBeCloseTo(102, 6);
  });

  test("goes the cheap way round where the directions differ", () => {
    // corosync.md 3.1: the cheap direction gave 31 ms, the dear one 600.
    const mesh = meshOf(3, (from, to) => ({ rttMs: 210, oneWayMs: to === (from + 1) % 3 ? 200 : 10 }));
    expect(rotationMs(mesh, inOrder(3))).toBe(600);
    const best = bestRing(mesh);
    expect(best.rotationMs).toBe(30);
    expect(ringNames(mesh, best.order)).toEqual(["h0", "h2", "h1"]);
  });

  test("gives the best connected host the lowest id: least loss first, then shortest RTT", () => {
    const near = meshOf(4, (from, to) => ({ rttMs: from === 2 || to === 2 ? 20 : 50 }));
    expect(ringNames(near, bestRing(near).order)[0]).toBe("h2");
    const lossy = meshOf(4, (from, to) => ({
      rttMs: from === 2 || to === 2 ? 20 : 50,
      loss: from === 2 || to === 2 ? 0.02 : 0,
    }));
    expect(ringNames(lossy, bestRing(lossy).order)[0]).not.toBe("h2");
  });

  test("keeps the file's order where all orders are equal", () => {
    expect(bestRing(evenMesh(6, 40, 0)).order).toEqual(inOrder(6));
  });

  test("of two hosts is a round trip", () => {
    expect(bestRing(evenMesh(2, 80, 0))).toEqual({ order: [0, 1], rotationMs: 80, exact: true });
  });
});

describe("nodeids", () => {
  test("of a new cluster leave gaps", () => {
    expect(gappedIds(3)).toEqual([10, 20, 30]);
  });

  test("a joiner comes between the neighbours that it lengthens the ring least between", () => {
    // h1 lies half way between h0 and h2; h3 is far from all.
    const rttMs = (a: number, b: number) => (a === 3 || b === 3 ? 200 : Math.abs(a - b) * 50);
    const mesh = withIds(
      meshOf(4, (from, to) => ({ rttMs: rttMs(from, to) })),
      [10, undefined, 20, 30],
    );
    expect(insertionId(mesh, 1)).toEqual({ nodeid: 15, after: "h0", before: "h2", addsMs: 0 });
  });

  test("among equal places it takes the end, so that gaps stay for those who need them", () => {
    const mesh = withIds(evenMesh(3, 50, 0), [10, 20, undefined]);
    expect(insertionId(mesh, 2)).toMatchObject({ nodeid: 30, after: "h1", before: "h0", addsMs: 25 });
  });

  test("a gap that is used up is passed over for the next best place", () => {
    const mesh = withIds(siteMesh("aabb", 100), [10, undefined, 11, 30]);
    expect(insertionId(mesh, 1).nodeid).toBe(40);
  });

  test("after 65535 the place before the lowest is the same place; without any the joiner is told", () => {
    const high = withIds(evenMesh(3, 50, 0), [10, 65_535, undefined]);
    expect(insertionId(high, 2).nodeid).toBe(5);
    const full = withIds(evenMesh(2, 50, 0), [1, undefined]);
    expect(insertionId(full, 1).nodeid).toBe(10);
  });

  test("the first of all gets 10", () => {
    expect(insertionId(evenMesh(2, 50, 0), 0).nodeid).toBe(10);
  });
});

describe("changing a poor ring", () => {
  test("moves the fewest hosts and lets the others keep their ids", () => {
    const mesh = withIds(siteMesh("ababab", 100), [10, 20, 30, 40, 50, 60]);
    const moves = newIdsForBestRing(mesh);
    expect(moves.length).toBe(2);
    const moved = withIds(
      mesh,
      mesh.hosts.map(({ name, nodeid }) => moves.find((move) => move.name === name)?.nodeid ?? nodeid),
    );
    expect(rotationMs(moved, ringOrder(moved))).toBeCloseTo(bestRing(mesh).rotationMs, 6);
  });

  test("gives all hosts new ids where consecutive ones leave no room", () => {
    const mesh = withIds(siteMesh("ababab", 100), [1, 2, 3, 4, 5, 6]);
    const moves = newIdsForBestRing(mesh);
    const moved = withIds(
      mesh,
      mesh.hosts.map(({ name, nodeid }) => moves.find((move) => move.name === name)?.nodeid ?? nodeid),
    );
    expect(rotationMs(moved, ringOrder(moved))).toBeCloseTo(102, 6);
    expect(new Set(moved.hosts.map(({ nodeid }) => nodeid)).size).toBe(6);
  });

  test("asks for nothing where the ring is as short as it can be", () => {
    expect(newIdsForBestRing(withIds(siteMesh("aaabbb", 100), [1, 2, 3, 4, 5, 6]))).toEqual([]);
  });
});
