import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { portOf } from "../../../lab/fabric/ports.ts";
import {
  cutPair,
  cutRole,
  heal,
  type LinkReading,
  readLinks,
  setLink,
} from "../../../lab/fabric/relay-control.ts";
import { pingFrom } from "../../../lab/measure.ts";
import { describeLab } from "../../lab-only.ts";
import { host, planOf, remove, start } from "./fabric-of.ts";

const plan = planOf("cut", {
  sites: [{ name: "east" }, { name: "west" }, { name: "north" }],
  hosts: [host("pve1", "east"), host("pve2", "west"), host("pve3", "north")],
  links: [{ a: "east", b: "west", rttMs: 10, loss: 0 }],
});

describeLab("cutting and healing", () => {
  beforeAll(() => start(plan));
  afterEach(() => heal(plan));
  afterAll(() => remove(plan));

  test("a cut pair is silent both ways while every other pair goes on", async () => {
    await cutPair(plan, "pve1", "pve2");
    const pairs = [
      answers("pve1", "pve2"),
      answers("pve2", "pve1"),
      answers("pve1", "pve3"),
      answers("pve3", "pve2"),
    ];
    expect(await Promise.all(pairs)).toEqual([0, 0, 3, 3]);
    expect((await link("pve1", "pve2")).cut).toBe(true);
  });

  test("a cut pair answers again as soon as it is healed", async () => {
    await cutPair(plan, "pve1", "pve2");
    expect(await answers("pve1", "pve2")).toBe(0);
    await heal(plan);
    expect(await answers("pve1", "pve2")).toBe(3);
    expect((await link("pve1", "pve2")).cut).toBe(false);
  });

  test("a cut in one direction lets the other pass: requests arrive, answers do not", async () => {
    await cutPair(plan, "pve1", "pve2", { oneWay: true });
    const before = await link("pve1", "pve2");
    expect(await answers("pve2", "pve1")).toBe(0);
    const after = await link("pve1", "pve2");
    expect(after.back.counters.packets - before.back.counters.packets).toBe(3);
    expect(after.forth.counters.packets - before.forth.counters.packets).toBe(0);
    expect(after.forth.counters.cut - before.forth.counters.cut).toBe(3);
  });

  test("a host that is cut off reaches nobody, and nobody else notices", async () => {
    await cutRole(plan, "pve3");
    const own = [answers("pve3", "pve1"), answers("pve3", "control")];
    const others = [answers("pve1", "pve2"), answers("pve2", "control")];
    expect(await Promise.all([...own, ...others])).toEqual([0, 0, 3, 3]);
  });

  test("one pair is healed alone when it is named", async () => {
    await cutRole(plan, "pve3");
    await heal(plan, "pve3", "pve1");
    expect(await Promise.all([answers("pve3", "pve1"), answers("pve3", "pve2")])).toEqual([3, 0]);
  });

  test("healing takes back what was set, not only what was cut", async () => {
    await setLink(plan, "pve1", "pve2", { rttMs: 200, loss: 1 });
    expect((await link("pve1", "pve2")).settings.rttMs).toBe(200);
    await heal(plan);
    const { settings, scenario, forth } = await link("pve1", "pve2");
    expect([settings.rttMs, scenario.rttMs, forth.settings.loss]).toEqual([10, 10, 0]);
  });

  test("a name that is not in the lab is a clear error, and so is a link of a host to itself", async () => {
    expect(cutPair(plan, "pve1", "pve9")).rejects.toMatchObject({ code: "E_USAGE" });
    expect(setLink(plan, "pve1", "pve1", { rttMs: 1 })).rejects.toMatchObject({ code: "E_USAGE" });
  });
});

/** How many of three pings from one role to another are answered. */
async function answers(from: string, to: string): Promise<number> {
  return (await pingFrom(portOf(plan, from).namespace, portOf(plan, to).address, 3)).received;
}

async function link(a: string, b: string): Promise<LinkReading> {
  const found = (await readLinks(plan)).find((candidate) => candidate.a === a && candidate.b === b);
  if (!found) throw new Error(`no link ${a} - ${b}`);
  return found;
}
