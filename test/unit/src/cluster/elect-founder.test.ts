import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decide } from "../../../../src/cluster/decide.ts";
import { here, own, peer, SILENT, standalone, unknown } from "./facts.ts";

describe("who founds the cluster", () => {
  test("the lowest tailnet address, compared as a number and not as text", () => {
    const host = own("pve9", "100.64.0.9");
    expect(decide(host, [peer("pve10", "100.64.0.10", standalone())], {}).kind).toBe("create");
    const other = decide(own("pve10", "100.64.0.10"), [peer("pve9", "100.64.0.9", standalone())], {});
    expect(other).toMatchObject({ kind: "not founder", founder: { name: "pve9" } });
  });

  test("the one host with guests, whatever its address", () => {
    const decision = decide(own("pve3", "100.64.0.3", 2), [peer("pve1", "100.64.0.1", standalone())], {});
    expect(decision.kind).toBe("create");
  });

  test("nobody, when two hosts have guests", () => {
    const decision = decide(own("pve3", "100.64.0.3", 2), [peer("pve1", "100.64.0.1", standalone(1))], {
      create: true,
    });
    expect(decision).toMatchObject({ refusal: { why: "several hosts with guests" } });
  });

  test("a host that insists, though another would be elected", () => {
    const peers = [peer("pve1", "100.64.0.1", standalone())];
    expect(decide(here, peers, { create: true })).toMatchObject({ kind: "create", alone: false });
  });

  test("nobody while one peer is unknown, and insisting does not help", () => {
    const peers = [peer("pve9", "100.64.0.9", standalone()), peer("pve8", "100.64.0.8", unknown)];
    for (const create of [true, false]) {
      expect(decide(here, peers, { create })).toMatchObject({ refusal: { why: "peers unknown" } });
    }
  });

  test("passes over an unknown peer, or one that no way leads to, only when it is named", () => {
    const peers = [
      peer("pve1", "100.64.0.1", unknown),
      peer("pve2", "100.64.0.2", standalone(), { obstacles: [SILENT] }),
    ];
    expect(decide(here, peers, { without: ["PVE1"] })).toMatchObject({
      refusal: { why: "peers unreachable" },
    });
    expect(decide(here, peers, { without: ["pve2"] })).toMatchObject({ refusal: { why: "peers unknown" } });
    const decision = decide(here, peers, { without: ["pve1", "100.64.0.2"] });
    expect(decision).toMatchObject({ kind: "create", alone: false, without: peers });
  });

  test("does not pass over a peer that answers: it elects, too", () => {
    const peers = [peer("pve1", "100.64.0.1", standalone())];
    expect(decide(here, peers, { without: ["pve1"] }).kind).toBe("not founder");
    expect(decide(here, peers, { without: ["pve7"] })).toMatchObject({ refusal: { why: "peer not found" } });
  });

  test("nobody while a peer that sees others would elect another one, unless this host insists", () => {
    const peers = [peer("pve4", "100.64.0.4", standalone(), { elects: "100.64.0.2" })];
    const refused = { why: "other founder", founder: { name: "pve3" }, dissent: peers };
    expect(decide(here, peers, {})).toMatchObject({ refusal: refused });
    expect(decide(here, peers, { create: true }).kind).toBe("create");
    const agreeing = [peer("pve4", "100.64.0.4", standalone(), { elects: "100.64.0.3" })];
    expect(decide(here, agreeing, {}).kind).toBe("create");
  });

  test("a host alone is told that it is", () => {
    expect(decide(here, [], {})).toMatchObject({ kind: "create", alone: true });
  });

  test("all hosts that see the same elect the same", () => {
    const hosts = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 250 }), fc.boolean()), {
      selector: ([number]) => number,
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(hosts, (all) => {
        const named = all.map(([number, guests]) => ({
          name: `pve${number}`,
          address: `100.64.0.${number}`,
          guests: guests ? 1 : 0,
        }));
        const decisions = named.map((host) =>
          decide(
            own(host.name, host.address, host.guests),
            named.filter((other) => other !== host).map((o) => peer(o.name, o.address, standalone(o.guests))),
            {},
          ),
        );
        const founders = decisions.filter(({ kind }) => kind === "create").length;
        expect(founders).toBe(named.filter(({ guests }) => guests > 0).length > 1 ? 0 : 1);
      }),
    );
  });
});
