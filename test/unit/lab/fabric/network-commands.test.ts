import { expect, test } from "bun:test";
import { addressBatches, deviceBatches } from "../../../../lab/fabric/network-commands.ts";
import { routerRules } from "../../../../lab/fabric/router.ts";
import { planLab } from "../../../../lab/plan.ts";
import { scenario } from "../../../../lab/scenario.ts";

const plan = planLab(
  "test-fabric-commands",
  scenario.parse({
    name: "t",
    summary: "t",
    tailnet: "none",
    sites: [{ name: "rented" }, { name: "home", nat: true }],
    hosts: [
      { name: "pve1", site: "rented", release: "pve8" },
      { name: "pve2", site: "home", release: "pve9" },
    ],
  }),
);

test("every port's device is made in the fabric's namespace and appears in its own", () => {
  const [fabric] = deviceBatches(plan);
  expect(fabric?.namespace).toBe(`tmx-${plan.id}-fabric`);
  for (const port of plan.ports) {
    const made = fabric?.lines.filter((line) => line.includes(`vxlan id ${port.vni} `)) ?? [];
    expect(made).toHaveLength(1);
    expect(made[0]).toContain(`netns ${port.namespace} `);
    expect(made[0]).toContain(port.mac);
  }
});

test("only the fabric and the relay have an address of the underlay", () => {
  const withUnderlay = [...deviceBatches(plan), ...addressBatches(plan)]
    .filter(({ lines }) => lines.some((line) => line.startsWith("address add 10.200.")))
    .map(({ namespace }) => namespace);
  expect(withUnderlay).toEqual([`tmx-${plan.id}-fabric`, `tmx-${plan.id}-relay`]);
});

test("every port knows every other port as its neighbour", () => {
  for (const port of plan.ports) {
    const lines = linesOf(port.namespace);
    for (const other of plan.ports.filter(({ vni }) => vni !== port.vni)) {
      expect(lines).toContain(
        `neighbour replace ${other.address} lladdr ${other.mac} nud permanent dev wan0`,
      );
    }
  }
});

test("a host behind NAT has its LAN alone, and its router for the way out", () => {
  const lines = linesOf(`tmx-${plan.id}-pve2`);
  expect(lines.some((line) => line.includes("wan0"))).toBe(false);
  expect(lines).toContain("route add default via 192.168.2.1 dev lan0");
});

test("everybody's way out is the internet, which has none itself", () => {
  const withDefault = plan.ports.filter((port) =>
    linesOf(port.namespace).includes(`route add default via ${plan.internet.address} dev wan0`),
  );
  expect(withDefault.map(({ role }) => role)).toEqual(["control", "router-home", "pve1"]);
});

test("a router keeps ports unless random ones are asked for", () => {
  expect(routerRules({ natPorts: "preserve" })).toMatch(/masquerade$/m);
  expect(routerRules({ natPorts: "random" })).toContain("masquerade fully-random");
});

function linesOf(namespace: string): readonly string[] {
  return addressBatches(plan).find((batch) => batch.namespace === namespace)?.lines ?? [];
}
