import { describe, expect, test } from "bun:test";
import { closedGate } from "../../../../../src/host/gate.ts";
import { openHost } from "../../../../../src/host/host.ts";
import { noJournal } from "../../../../../src/host/journal.ts";
import { type Eyes, type FirstSight, tryPeer } from "../../../../../src/up/preflight/sights.ts";
import { fakeHost } from "../fake-host.ts";

const PEER = {
  ...{ id: "n2", name: "pve2", dnsName: "pve2.ts.test", address: "127.0.0.2", tags: ["tag:tailmox"] },
  ...{ online: false, keyExpiry: undefined, routes: [], path: { kind: "unknown" } as const },
};
const PONG = "pong from pve2 (100.64.0.2) via 192.0.2.2:41641 in 100ms\n";

/** Tries the peer; `answer` is what its tailmox told, `after` how long it took for all ports. */
async function tried(
  pong: string,
  { online = false, answers = undefined as boolean | undefined, afterMs = 0, status = "" } = {},
) {
  const { transport } = fakeHost({}, { "tailscale ping -c": pong, "tailscale status": status });
  const shown: FirstSight[] = [];
  const order: string[] = [];
  const ran: string[] = [];
  const run: typeof transport.run = (argv, options) => {
    ran.push(argv.join(" "));
    return transport.run(argv, options);
  };
  const ask: Eyes["ask"] = async (_, heard) => {
    if (answers !== undefined) heard?.(answers);
    await Bun.sleep(afterMs);
    return { echoes: new Map(), ...(answers && { answers }) };
  };
  const show: Eyes["show"] = (_, first) => {
    shown.push(first);
    first.told.then(() => order.push("told")).catch(() => undefined);
    first.rendezvous.then(() => order.push("all ports")).catch(() => undefined);
  };
  const host = openHost({ ...transport, run }, closedGate, noJournal);
  const eyes: Eyes = { host, ask, members: new Map(), show };
  return { sights: await tryPeer(eyes, { ...PEER, online }), ran, shown, order };
}

describe("a peer that the control server calls offline", () => {
  test("and that is silent is off, and tried no further", async () => {
    const { sights, ran, shown } = await tried("");
    expect(sights.kind).toBe("offline");
    expect(ran.filter((line) => line.includes("ping"))).toEqual([
      "tailscale ping -c 1 --timeout=2s 127.0.0.2",
    ]);
    expect(shown).toEqual([]);
  });

  test("and online by now is given the time that others have", async () => {
    const peer = { ID: "n2", DNSName: "pve2.ts.test.", TailscaleIPs: [PEER.address], Online: true };
    const status = { Version: "1.90.0", BackendState: "Running", Self: { ID: "n1" }, Peer: { key: peer } };
    const { sights, ran } = await tried("", { status: JSON.stringify(status) });
    expect(sights.kind).toBe("no pong");
    expect(ran.at(-1)).toBe("tailscale ping -c 3 --timeout=2s 127.0.0.2");
  });

  test("and that answers is tried as any other: the server may be late", async () => {
    expect((await tried(PONG)).sights.kind).toBe("tried");
  });
});

describe("what shows of a peer before it has been tried to the end", () => {
  test("is nothing where its tailscaled is silent", async () => {
    const { sights, shown } = await tried("", { online: true });
    expect([sights.kind, shown.length]).toEqual(["no pong", 0]);
  });

  test("is that nobody seems to answer there, long before the silent ports are given up", async () => {
    const { shown, order } = await tried(PONG, { online: true, afterMs: 1_500 });
    expect(await shown[0]?.told).toBeUndefined();
    expect(order).toEqual(["told", "all ports"]);
  });

  test("is at once that nobody answers there, where its ports say so", async () => {
    const { shown, order } = await tried(PONG, { online: true, answers: false, afterMs: 300 });
    expect(await shown[0]?.told).toBeUndefined();
    expect(order).toEqual(["told", "all ports"]);
  });

  test("is what a tailmox there tells, waited for once it has answered", async () => {
    const { shown, order } = await tried(PONG, { online: true, answers: true, afterMs: 800 });
    expect(await shown[0]?.told).toMatchObject({ answers: true });
    expect(order[0]).toBe("all ports");
  });
});
