import { expect, test } from "bun:test";
import type { Reader } from "../../../../src/host/host.ts";
import { haRisk } from "../../../../src/status/ha-risk.ts";

/** A member with these files. */
function member(token: number, resources: string): Reader {
  const files = new Map([
    ["/etc/pve/corosync.conf", `totem {\n  token: ${token}\n  token_coefficient: 0\n}\n`],
    ["/etc/pve/ha/resources.cfg", resources],
  ]);
  return {
    name: "pve1",
    text: async (path) => files.get(path),
    list: async () => [],
    run: async (argv) => {
      throw new Error(`${argv[0]} was not expected`);
    },
  };
}

const resource = "vm: 100\n\tstate started\n";

test("timers that stop writes for longer than HA waits are told of, once HA is used", async () => {
  expect(await haRisk(member(20_000, resource), [10, 10])).toContain(
    "more than 44 s: at 60 s HA resets hosts",
  );
  expect(await haRisk(member(20_000, ""), [10, 10])).toBeUndefined();
  expect(await haRisk(member(10_000, resource), [10, 10])).toBeUndefined();
});

test("the rotations of the new ring count too, as far as the round trips from here tell them", async () => {
  expect(await haRisk(member(16_000, resource), [400, 100])).toContain("more than 41 s");
  expect(await haRisk(member(16_000, resource), [null, null])).toBeUndefined();
});

test("where the round trips leave it open, both ends are told", async () => {
  const said = await haRisk(member(15_000, resource), [300, 250, 300]);
  expect(said).toContain("for 38 s to 46 s, no more than 40 s is safe");
});
