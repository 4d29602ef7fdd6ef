import { expect, test } from "bun:test";
import { moduleVersion, tailscaleVersion } from "../../../../lab/tailnet/programs.ts";

const GO_MOD = `module tailmox.lab

go 1.26.6

require (
	github.com/tailscale/hujson v0.0.0-20260302212456-ecc657c15afd // indirect
	tailscale.com v1.102.3 // indirect
)
`;

test("the version of a module is the one that go.mod requires, not that of a module with a longer name", () => {
  expect(moduleVersion(GO_MOD, "tailscale.com")).toBe("1.102.3");
});

test("a module on a require line of its own is found too", () => {
  expect(moduleVersion("go 1.26.6\nrequire tailscale.com v1.98.10\n", "tailscale.com")).toBe("1.98.10");
});

test("a module that go.mod does not require is an error, not a guess", () => {
  expect(() => moduleVersion(GO_MOD, "example.com")).toThrow("example.com");
});

test("the lab's own go.mod says which tailscale it takes", async () => {
  expect(await tailscaleVersion()).toMatch(/^\d+\.\d+\.\d+$/);
});
