import { afterEach, describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import type { Reader } from "../../../../src/host/host.ts";
import { run } from "../../../../src/host/run.ts";
import { type Answering, startAnswering } from "../../../../src/rendezvous/answer.ts";
import { askRendezvous } from "../../../../src/rendezvous/ask.ts";
import { echoByShell } from "../../../../src/rendezvous/echo-by-shell.ts";
import type { RendezvousFacts } from "../../../../src/rendezvous/facts.ts";
import {
  LONGEST_PACKET,
  newNonce,
  RENDEZVOUS_PORTS,
  writePacket,
} from "../../../../src/rendezvous/packet.ts";
import { clusterOf, factsOf, ROOT_KEY } from "./facts.ts";

/** Two hosts on the loopback: each address holds the eight ports by itself. */
const OWN = "127.64.0.1";
const PEER = "127.64.0.2";
const ALL = [...RENDEZVOUS_PORTS];
const open: Answering[] = [];

afterEach(() => {
  for (const answering of open.splice(0)) answering.close();
});

describe("two hosts on which tailmox runs", () => {
  test("tell each other all, at the same moment, and prove every port both ways", async () => {
    const member = { place: { kind: "member", cluster: clusterOf(20) }, rootKey: ROOT_KEY } as const;
    const [here, there] = [await answer(OWN), await answer(PEER, factsOf(member))];
    const [a, b] = await Promise.all([
      askRendezvous(OWN, PEER, { from: here }),
      askRendezvous(PEER, OWN, { from: there }),
    ]);
    expect(a.facts).toEqual(factsOf(member));
    expect(b.facts).toEqual(factsOf());
    for (const { echoes } of [a, b]) expect([...echoes]).toEqual(ALL.map((port) => [port, "echoed"]));
  });

  test("are asked twice at once, and each question gets its answers", async () => {
    const [here] = [await answer(OWN), await answer(PEER)];
    const twice = await Promise.all([1, 2].map(() => askRendezvous(OWN, PEER, { from: here })));
    for (const { echoes } of twice) expect([...echoes]).toEqual(ALL.map((port) => [port, "echoed"]));
  });

  test("tell a port that is let go of from one that answers, and the rest goes on", async () => {
    const [here, there] = [await answer(OWN), await answer(PEER)];
    there.release(5405);
    const { echoes, facts } = await askRendezvous(OWN, PEER, { from: here });
    expect(there.ports).toEqual(ALL.slice(1));
    expect([echoes.get(5405), echoes.get(5406)]).toEqual(["refused", "echoed"]);
    expect(facts).toEqual(factsOf());
  });

  test("see soon that no tailmox runs on a member, whose corosync is silent", async () => {
    const here = await answer(OWN);
    const corosync = createSocket("udp4");
    await new Promise<void>((done) => {
      corosync.bind({ address: PEER, port: 5405 }, done);
    });
    const heard: boolean[] = [];
    const begun = performance.now();
    const { echoes } = await askRendezvous(OWN, PEER, { from: here, heard: (one) => heard.push(one) });
    corosync.close();
    expect([echoes.get(5405), echoes.get(5412), heard]).toEqual(["silent", "refused", [false]]);
    expect(performance.now() - begun).toBeLessThan(1_500);
  });

  test("see a port as silent whose answer comes back to another one only", async () => {
    const here = await answer(OWN);
    // As behind a filter that drops what comes in on 5405 to 5412: only ports of the moment are answered.
    const deaf = createSocket("udp4");
    deaf.on("message", (bytes, from) => {
      if (from.port !== 5406)
        deaf.send(bytes.toString().replace('"echo"', '"echoed"'), from.port, from.address);
    });
    await new Promise<void>((done) => {
      deaf.bind({ address: PEER, port: 5406 }, done);
    });
    const { echoes } = await askRendezvous(OWN, PEER, { from: here, timeoutMs: 700 });
    deaf.close();
    expect(echoes.get(5406)).toBe("silent");
  });

  test("of two versions know that of each other, and do not answer each other's answers", async () => {
    const there = createSocket("udp4");
    let heard = 0;
    there.on("message", (bytes, from) => {
      heard += 1;
      const { nonce } = JSON.parse(bytes.toString());
      there.send(JSON.stringify({ tailmox: 2, kind: "greeting", nonce }), from.port, from.address);
    });
    await new Promise<void>((done) => {
      there.bind({ address: PEER, port: 5407 }, done);
    });
    const here = await answer(OWN);
    expect((await askRendezvous(OWN, PEER, { from: here, timeoutMs: 1_000 })).otherVersion).toBe(2);
    const after = heard;
    await Bun.sleep(100);
    there.close();
    expect(heard).toBe(after);
  });
});

describe("whoever asks", () => {
  test("gets no answer without exactly this tag, nor from a tailnet that nobody knows", async () => {
    for (const tags of [["tag:tailmox-old"], [], "unknown"] as const) {
      const answering = await answer(PEER, factsOf(), tags);
      const { echoes, facts } = await askRendezvous(OWN, PEER, { timeoutMs: 400 });
      answering.close();
      expect([...new Set(echoes.values())]).toEqual(["silent"]);
      expect(facts).toBeUndefined();
    }
  });

  test("never gets more than it sent", async () => {
    await answer(PEER, factsOf({ place: { kind: "member", cluster: clusterOf(30) } }));
    const socket = createSocket("udp4");
    const lengths: number[] = [];
    socket.on("message", (bytes) => lengths.push(bytes.length));
    const send = (text: string) => socket.send(text, 5410, PEER);
    const nonce = newNonce();
    send(writePacket({ kind: "ask", nonce, part: 0 }));
    send(writePacket({ kind: "echo", nonce }));
    await Bun.sleep(200);
    expect(lengths).toEqual([]);
    send(writePacket({ kind: "ask", nonce, part: 0 }, LONGEST_PACKET));
    send(writePacket({ kind: "echo", nonce }, 128));
    await Bun.sleep(300);
    socket.close();
    expect(lengths.toSorted((a, b) => b - a)).toHaveLength(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(LONGEST_PACKET);
  });

  test("gets nothing any more when it asks hundreds of times a second", async () => {
    const answering = await answer(PEER);
    const socket = createSocket("udp4");
    let answers = 0;
    socket.on("message", () => {
      answers += 1;
    });
    // Within one second of the answerer's count.
    await Bun.sleep(1_010 - (performance.now() % 1_000));
    for (let sent = 0; sent < 600; sent++) {
      socket.send(writePacket({ kind: "echo", nonce: newNonce() }, 128), 5411, PEER);
      if (sent % 50 === 0) await Bun.sleep(5);
    }
    await Bun.sleep(300);
    socket.close();
    answering.close();
    expect(answers).toBeGreaterThan(50);
    expect(answers).toBeLessThanOrEqual(400);
  });
});

describe("a host on which no tailmox runs", () => {
  const local: Reader = {
    name: "pve2",
    run: (argv, options) => run(argv, options),
    text: async () => undefined,
    list: async () => [],
  };

  test("answers by root's shell on the ports that corosync does not hold, and is silent about that one", async () => {
    const corosync = createSocket("udp4");
    await new Promise<void>((done) => {
      corosync.bind({ address: PEER, port: 5405 }, done);
    });
    const from = await answer(OWN);
    const echoes = await echoByShell(local, { own: OWN, peer: PEER }, { from });
    corosync.close();
    expect([...echoes]).toEqual(ALL.slice(1).map((port) => [port, "echoed"]));
  }, 15_000);

  test("of which the shell cannot start it is told as one where nothing was tried", async () => {
    const without: Reader = { ...local, run: () => run(["no-such-program"]) };
    expect((await echoByShell(without, { own: OWN, peer: PEER })).size).toBe(0);
  });
});

/** An answering host; `tags` are those that its tailnet gives to whoever asks, or it knows nobody. */
async function answer(
  address: string,
  facts: RendezvousFacts = factsOf(),
  tags: readonly string[] | "unknown" = ["tag:tailmox"],
): Promise<Answering> {
  const reader: Reader = {
    name: address,
    run: async (argv) => ({
      argv,
      exitCode: tags === "unknown" ? 1 : 0,
      stdout: tags === "unknown" ? "" : JSON.stringify({ Node: { Name: "pve9.ts.test.", Tags: tags } }),
      stderr: "",
      timedOut: false,
      durationMs: 1,
    }),
    text: async () => undefined,
    list: async () => [],
  };
  const answering = await startAnswering(reader, { address, tag: "tag:tailmox", facts: async () => facts });
  open.push(answering);
  return answering;
}
