import { describe, expect, test } from "bun:test";
import { planLab } from "../../../lab/plan.ts";
import { scenario } from "../../../lab/scenario.ts";

const read = scenario.parse({
  name: "t",
  summary: "",
  tailnet: "headscale",
  sites: [{ name: "home", nat: true }, { name: "rented" }],
  hosts: [
    { name: "pve1", site: "home", release: "pve8" },
    { name: "pve2", site: "home", release: "pve9" },
    { name: "pve3", site: "rented", release: "pve9" },
    { name: "pve4", site: "rented", release: "pve9" },
  ],
  links: [
    { a: "home", b: "rented", rttMs: 60 },
    { a: "pve3", b: "home", rttMs: 70 },
    { a: "pve4", b: "control", rttMs: 5, loss: 0.1 },
  ],
  defaultLink: { rttMs: 33 },
});
const plan = planLab("t", read);
const between = (x: string, y: string) =>
  plan.links.find(({ a, b }) => (a === x && b === y) || (a === y && b === x))?.settings;

describe("the plan of a lab", () => {
  test("gives every port its own number, address and MAC", () => {
    expect(plan.ports.map((port) => port.role)).toEqual([
      "control",
      "internet",
      "router-home",
      "pve3",
      "pve4",
    ]);
    for (const key of ["vni", "mac", "address"] as const) {
      expect(new Set(plan.ports.map((port) => port[key])).size).toBe(plan.ports.length);
    }
  });

  test("puts hosts behind NAT on their LAN only, all with the router's port", () => {
    const [pve1, pve2, pve3] = plan.hosts;
    expect(pve1?.wan).toBeUndefined();
    expect(pve2?.wan).toBeUndefined();
    expect(pve3?.wan?.role).toBe("pve3");
    expect(plan.sites[0]).toMatchObject({ nat: true, gateway: "192.168.1.1", wan: { role: "router-home" } });
    expect(pve1?.lan.address).toBe("192.168.1.11");
  });

  test("takes the most specific link: hosts before sites before the default; a LAN is near", () => {
    expect(between("pve4", "router-home")).toEqual({ rttMs: 60 });
    expect(between("pve3", "router-home")).toEqual({ rttMs: 70 });
    expect(between("pve4", "control")).toEqual({ rttMs: 5, loss: 0.1 });
    expect(between("pve3", "control")).toEqual({ rttMs: 33 });
    expect(between("pve3", "pve4")).toEqual({ rttMs: 1 });
  });

  test("keeps two labs of one scenario apart by their id, and is the same every time", () => {
    expect(planLab("other", read).id).not.toBe(plan.id);
    expect(planLab("t", read)).toEqual(plan);
  });
});
