import { expect, test } from "bun:test";
import type { Member } from "../../../../src/cluster/facts.ts";
import { idAtTheEnd, ringPlace } from "../../../../src/cluster/ring-place.ts";

const member = (name: string, id: number): Member => ({
  name,
  id,
  link0: name,
  votes: 1,
  published: name,
  online: true,
});

/** Hosts of one site, by the first letter of their names, are 2 ms apart, others 100. */
const twoSites = (a: string, b: string) => (a[0] === b[0] ? 2 : 100);

test("a joiner goes where the ring grows least, into the gap between the ids", () => {
  const members = [member("home1", 10), member("rented1", 20), member("home2", 30)];
  expect(ringPlace(members, "rented2", twoSites)).toEqual({
    nodeid: 15,
    why: "between home1 (10) and rented1 (20) the ring is shortest, 102 ms round",
  });
});

test("where two places are as good, the end leaves the gaps to those who need them", () => {
  const members = [member("home1", 10), member("home2", 20), member("home3", 30)];
  expect(ringPlace(members, "home4", twoSites).nodeid).toBe(40);
});

test("up to three hosts are one ring in any order, and nothing needs to be measured", () => {
  expect(ringPlace([member("a", 10)], "b", () => undefined).nodeid).toBe(20);
  expect(ringPlace([member("a", 10), member("b", 20)], "c", () => undefined).nodeid).toBe(30);
});

test("what nobody measured is said, and guessed by nobody", () => {
  const members = [member("a", 10), member("b", 20), member("c", 30)];
  const place = ringPlace(members, "d", (a, b) => (a === "b" && b === "c" ? undefined : 20));
  expect(place).toEqual({
    nodeid: 40,
    why: "the end of the ring, since the way between b and c is not known",
  });
});

test("an id is never below the lowest, and never one that is taken", () => {
  for (const ids of [[1], [1, 2, 3], [10, 20], [7, 65_535], [65_530]]) {
    const id = idAtTheEnd(ids.map((each) => member(`host${each}`, each)));
    expect(ids).not.toContain(id);
    if (!ids.includes(65_535)) expect(id).toBeGreaterThan(Math.min(...ids));
  }
});

test("a cluster whose ids Proxmox chose has its next host behind them", () => {
  const members = [member("home1", 1), member("rented1", 2), member("home2", 3)];
  expect(ringPlace(members, "rented2", twoSites).nodeid).toBe(10);
});
