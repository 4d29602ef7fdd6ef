import { expect, test } from "bun:test";
import { UserError } from "../../../../src/errors.ts";
import { parsePrefs } from "../../../../src/tailnet/facts.ts";
import { parseStatus } from "../../../../src/tailnet/status.ts";
import { assertFit, assertReachable } from "../../../../src/up/tailnet-fitness.ts";

const SELF = { DNSName: "pve1.ts.net.", TailscaleIPs: ["100.64.0.1"], Tags: ["tag:tailmox"] };
const STATUS = { Version: "1.102.3", TUN: true, BackendState: "Running", Self: SELF };
const WANTED = { tag: "tag:tailmox", loginServer: undefined };

function errorOf(check: () => unknown): UserError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function judge(
  status: object,
  prefs: object = {},
  wanted: { tag: string; loginServer: string | undefined } = WANTED,
) {
  const parsed = parseStatus(JSON.stringify({ ...STATUS, ...status }));
  const parsedPrefs = parsePrefs(JSON.stringify(prefs));
  if (!parsed || !parsedPrefs) throw new Error("the test's own answers cannot be read");
  return errorOf(() => assertFit({ kind: "answers", status: parsed, prefs: parsedPrefs }, wanted));
}

test("a tagged host with an address and a key that never expires is fit", () => {
  expect(judge({})).toBeUndefined();
});

test.each([
  ["whose key expires", { Self: { ...SELF, KeyExpiry: "2027-05-01T00:00:00Z" } }, {}, "E_TAILNET_UNFIT"],
  ["without the tag", { Self: { ...SELF, Tags: undefined } }, {}, "E_NOT_TAGGED"],
  ["with tag:old-tailmox", { Self: { ...SELF, Tags: ["tag:old-tailmox"] } }, {}, "E_NOT_TAGGED"],
  ["without a network interface", { TUN: false }, {}, "E_TAILNET_UNFIT"],
  ["that is locked out", { Health: ["this node is locked out"] }, {}, "E_TAILNET_UNFIT"],
  ["without an address", { Self: { ...SELF, TailscaleIPs: null } }, {}, "E_TAILNET_UNFIT"],
])("a host %s is refused, with the mend", (_, status, prefs, code) => {
  const refused = judge(status, prefs);
  expect(refused?.code).toBe(code as UserError["code"]);
  expect(refused?.mend.length).toBeGreaterThan(10);
});

test("a host of another control server is not moved", () => {
  const prefs = { ControlURL: "https://hs.example" };
  expect(judge({}, prefs, { ...WANTED, loginServer: "https://hs.example/" })).toBeUndefined();
  expect(judge({}, prefs, { ...WANTED, loginServer: "https://other.example" })?.code).toBe("E_TAILNET_UNFIT");
});

test("a host behind its shields is refused when they stay up", () => {
  const prefs = parsePrefs('{"ShieldsUp": true}');
  if (!prefs) throw new Error("the test's own answer cannot be read");
  expect(errorOf(() => assertReachable(prefs))?.mend).toBe("tailscale set --shields-up=false");
});
