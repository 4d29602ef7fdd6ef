import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { UserError } from "../../../src/errors.ts";
import { openControlPlane } from "../../../src/tailnet/api/open.ts";
import { anyJsonLike, anyText } from "./texts.ts";

let body = "";
let asked = 0;
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: () => {
    asked += 1;
    return new Response(body);
  },
});
afterAll(() => server.stop(true));

const DEVICES = {
  devices: [
    {
      id: "1",
      nodeId: "n1CNTRL",
      hostname: "pve1",
      name: "pve1.tail1.ts.net",
      addresses: ["100.64.0.1"],
      tags: ["tag:tailmox"],
      clientVersion: "1.102.3",
      created: "2026-01-01T00:00:00Z",
      expires: "0001-01-01T00:00:00Z",
      authorized: true,
    },
  ],
};
const SERVICES = { name: "svc:tailmox", addrs: ["100.100.0.1"], ports: ["tcp:443"], tags: [], comment: "" };
const HOSTS = { hosts: [{ stableNodeID: "n1CNTRL", approvalLevel: "approved:auto", configured: "ready" }] };
const HEADSCALE = {
  nodes: [{ id: "1", name: "pve1", givenName: "pve1", ipAddresses: ["100.64.0.1"], validTags: [] }],
};

test.each(["hosted", "headscale"])(
  "a control server of the kind %s that answers anything is an error in words, or an answer",
  async (kind) => {
    body = kind === "headscale" ? '{"status":"pass"}' : "{}";
    const plane = await openControlPlane(server.url.origin, { kind: "token", token: "t" });
    const samples = [DEVICES, SERVICES, HOSTS, HEADSCALE].map((sample) => anyJsonLike(sample));
    asked = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(...samples, anyText("{}")), async (text) => {
        body = text;
        const answers = [
          plane.devices(),
          plane.policy(),
          plane.service("svc:tailmox"),
          plane.serviceHosts("svc:tailmox"),
        ];
        for (const answer of await Promise.allSettled(answers)) {
          if (answer.status === "rejected") expect(answer.reason).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 100 },
    );
    expect(asked).toBeGreaterThan(100);
  },
);
