import { expect, test } from "bun:test";
import { memberFindings } from "../../../../src/status/findings.ts";
import type { MemberStatus } from "../../../../src/status/status.ts";
import { parseStatus } from "../../../../src/tailnet/status.ts";

const member = (name: string, more: Partial<MemberStatus> = {}): MemberStatus => ({
  id: 1,
  name,
  here: false,
  online: true,
  address: "100.64.0.1",
  published: "100.64.0.1",
  path: { kind: "direct", via: "192.0.2.1:41641" },
  rttMs: 20,
  loss: 0,
  link: "up",
  version: "9.1.2",
  tailscale: { version: "1.102.3", newer: null },
  ...more,
});

test("a cluster in which nothing is to be mended has no findings", () => {
  expect(memberFindings([member("pve1"), member("pve2", { tailscale: null, link: null })])).toEqual([]);
});

test("a member that is away, and one that only this host does not hear, are told apart", () => {
  const found = memberFindings([
    member("pve1", { online: false, link: "down" }),
    member("pve2", { link: "down" }),
  ]);
  expect(found).toEqual([
    expect.stringContaining("pve1 is away"),
    expect.stringContaining("the link to pve2 is down, others still hear it"),
  ]);
});

test("outdated tailscaled are named together, with the word for a security update", () => {
  const newer = { version: "1.104.0", urgent: true };
  const found = memberFindings([
    member("pve1", { tailscale: { version: "1.90.1", newer } }),
    member("pve2"),
    member("pve3", { tailscale: { version: "1.96.2", newer: { ...newer, urgent: false } } }),
  ]);
  expect(found).toEqual([
    expect.stringContaining(
      "Tailscale is outdated: pve1 1.90.1, pve3 1.96.2; 1.104.0 is out, with a security update",
    ),
  ]);
});

test.each([
  [{ LatestVersion: "1.104.0" }, { version: "1.104.0", urgent: false }],
  [
    { LatestVersion: "1.104.0", UrgentSecurityUpdate: true },
    { version: "1.104.0", urgent: true },
  ],
  [{ RunningLatest: true }, undefined],
  [{}, undefined],
  [null, undefined],
  [7, undefined],
])("what the control server tells of versions, %j, is %j", (ClientVersion, newer) => {
  const text = JSON.stringify({ Version: "1.90.1", BackendState: "Running", Self: {}, ClientVersion });
  expect(parseStatus(text)?.newer).toEqual(newer);
});
