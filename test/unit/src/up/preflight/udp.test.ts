import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RendezvousAnswer } from "../../../../../src/rendezvous/ask.ts";
import type { Echo } from "../../../../../src/rendezvous/try-port.ts";
import { judgeUdp, linkWarnings, udpObstacles, udpUnproven } from "../../../../../src/up/preflight/udp.ts";

const PORTS = [5405, 5406, 5407, 5408, 5409, 5410, 5411, 5412];
const ports = (echo: Echo, more: Record<number, Echo> = {}) =>
  new Map(PORTS.map((port): [number, Echo] => [port, more[port] ?? echo]));
const answer = (echo: Echo, more: Partial<RendezvousAnswer> = {}): RendezvousAnswer => ({
  echoes: ports(echo),
  ...more,
});
const facts = (place?: "standalone") => ({
  node: "pve2",
  tailmox: "0.1.0",
  pve: "9.1.2",
  ...(place && { place: { kind: place, guests: 0 } }),
});
const knet = (connected: boolean) => ({ connected, rttMs: 20, downs: 1, dataMtu: 1173 });

describe("UDP to a peer", () => {
  test("works both ways where a tailmox there sends echoes back", () => {
    const rendezvous = answer("echoed", { facts: facts("standalone") });
    expect(judgeUdp({ rendezvous })).toEqual({ kind: "both ways", by: "tailmox" });
  });

  test("works where the port that is still is corosync's own", () => {
    const echoes = ports("echoed", { 5405: "silent" });
    expect(judgeUdp({ rendezvous: { echoes } }).kind).toBe("both ways");
    // Let go of a moment ago, for corosync.
    expect(judgeUdp({ rendezvous: { echoes: ports("echoed", { 5405: "refused" }) } }).kind).toBe("both ways");
  });

  test("is lost where a standalone host answers on all ports but corosync's", () => {
    const echoes = ports("echoed", { 5405: "silent" });
    const sight = judgeUdp({ rendezvous: { echoes, facts: facts("standalone") } });
    expect(sight).toEqual({ kind: "lost", how: "port 5405" });
  });

  test("is lost where all ports are still, and not where they are refused: that proves nothing", () => {
    expect(judgeUdp({ rendezvous: answer("silent") })).toEqual({ kind: "lost", how: "silence" });
    expect(judgeUdp({ rendezvous: answer("refused") })).toEqual({ kind: "unproven" });
    // A member without tailmox: corosync is still, the other ports are refused.
    const member = { echoes: ports("refused", { 5405: "silent" }) };
    expect(judgeUdp({ rendezvous: member })).toEqual({ kind: "unproven" });
  });

  test("is lost on its way back where the peer has heard the question, but no echo came home", () => {
    const heard = answer("silent", { answers: true });
    expect(judgeUdp({ rendezvous: heard })).toEqual({ kind: "lost", how: "way back" });
  });

  test("is told by an echo over ssh where no tailmox runs there", () => {
    const rendezvous = answer("refused");
    const by = (byShell: ReadonlyMap<number, Echo>) => judgeUdp({ rendezvous, byShell });
    expect(by(ports("echoed"))).toEqual({ kind: "both ways", by: "ssh" });
    expect(by(ports("silent"))).toEqual({ kind: "lost", how: "way back" });
    expect(by(new Map([...ports("echoed"), [5405, "silent"]]))).toEqual({ kind: "lost", how: "port 5405" });
    expect(by(ports("refused"))).toEqual({ kind: "lost", how: "rejected" });
    // The echo that was started there heard the last question of the rendezvous, too.
    const late = { echoes: ports("echoed"), answers: true };
    expect(judgeUdp({ rendezvous: late, byShell: ports("echoed") })).toEqual({
      kind: "both ways",
      by: "ssh",
    });
    // Nothing could be started there.
    expect(by(new Map())).toEqual({ kind: "unproven" });
  });

  test("is proven by corosync itself where its link is up, and by nothing less where it is down", () => {
    expect(judgeUdp({ rendezvous: answer("silent"), knet: knet(true) })).toEqual({
      kind: "both ways",
      by: "corosync",
    });
    expect(judgeUdp({ rendezvous: answer("refused"), knet: knet(false) })).toEqual({ kind: "unproven" });
    expect(linkWarnings(knet(false))).toMatchObject([{ check: "link" }]);
    expect(linkWarnings(knet(true))).toEqual([]);
  });

  test("never counts as proven without an echo or a link of corosync (property)", () => {
    const echo = fc.constantFrom<Echo>("silent", "refused");
    const map = fc.array(echo, { minLength: 8, maxLength: 8 }).map((all) => {
      return new Map(PORTS.map((port, index): [number, Echo] => [port, all[index] ?? "silent"]));
    });
    fc.assert(
      fc.property(map, fc.option(map, { nil: undefined }), fc.boolean(), (echoes, byShell, told) => {
        const rendezvous = { echoes, answers: told };
        expect(judgeUdp({ rendezvous, byShell }).kind).not.toBe("both ways");
      }),
    );
  });
});

test("UDP that is lost while TCP gets through names the policy, and its error", () => {
  const [finding] = udpObstacles(
    { kind: "lost", how: "silence" },
    { tcpFine: true, pingsRefused: false, tag: "tag:tailmox" },
  );
  expect(finding?.code).toBe("E_UDP_FILTERED");
  expect(finding?.what).toContain("TCP 22, 8006 fine");
  expect(finding?.mend).toContain("tailmox policy check");
  const [blind] = udpObstacles(
    { kind: "lost", how: "silence" },
    { tcpFine: false, pingsRefused: false, tag: "tag:tailmox" },
  );
  expect(blind?.what).not.toContain("fine");
});

test("what is unproven is no obstacle, and names its risk", () => {
  expect(udpObstacles({ kind: "unproven" }, { tcpFine: true, pingsRefused: false, tag: "t" })).toEqual([]);
  expect(udpUnproven({ kind: "unproven" })).toMatchObject([{ code: "E_UDP_UNPROVEN" }]);
  expect(udpUnproven({ kind: "unproven" })[0]?.mend).toContain("--accept-risk udp-unproven");
  expect(udpUnproven({ kind: "both ways", by: "ssh" })).toEqual([]);
});
