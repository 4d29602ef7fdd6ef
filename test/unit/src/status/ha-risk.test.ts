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
  expect(await haRisk(member(20_000, resource), 3)).toContain("more than 44 s: at 60 s HA resets hosts");
  expect(await haRisk(member(20_000, ""), 3)).toBeUndefined();
  expect(await haRisk(member(10_000, resource), 3)).toBeUndefined();
});
