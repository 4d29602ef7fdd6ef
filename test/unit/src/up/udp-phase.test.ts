import { describe, expect, test } from "bun:test";
import { closedGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { unanswered } from "../../../../src/up/contact.ts";
import { udpUnproven } from "../../../../src/up/preflight/udp.ts";
import type { Risk } from "../../../../src/up/risks.ts";
import { udpPhase } from "../../../../src/up/udp-phase.ts";
import { fakeHost } from "./fake-host.ts";
import { known, WELL } from "./known-peer.ts";
import { OPTIONS, silentTalk } from "./options.ts";

const OWN = {
  node: "pve1",
  pve: "9.1.2",
  address: "127.0.0.1",
  tag: "tag:tailmox",
  place: { kind: "standalone", guests: 0 },
} as const;
const UNPROVEN = { kind: "unproven" } as const;
const OPEN = {
  ...WELL,
  udp: UNPROVEN,
  unproven: udpUnproven(UNPROVEN),
  rendezvous: { echoes: new Map([[5405, "refused"] as const]) },
};

async function phase(peer: Parameters<typeof known>[2], acceptRisks: readonly Risk[] = []) {
  const said: string[] = [];
  const talk = { ...silentTalk, note: (...lines: readonly string[]) => said.push(...lines) };
  const company = { talk, journal: noJournal, ask: undefined };
  const pve2 = known("pve2", "127.0.0.2", peer);
  const [one] = await udpPhase(OWN, [pve2], new Map(), { ...OPTIONS, acceptRisks }, company);
  return { said: said.join("\n"), peer: one?.peer, reach: one?.reach };
}

describe("UDP that no tailmox answered", () => {
  test("and that was proven needs no second look", async () => {
    expect(await phase({})).toMatchObject({ said: "", peer: { obstacles: [] } });
  });

  test("stops where nobody there could answer it, and says which risk it is", async () => {
    const { said, peer, reach } = await phase({ reach: OPEN });
    expect(peer?.obstacles).toMatchObject([{ code: "E_UDP_UNPROVEN" }]);
    expect(reach?.obstacles).toEqual(peer?.obstacles ?? []);
    expect(said).toContain("-- pve2  UDP 5405-5412: unproven");
    expect(said).toContain("--accept-risk udp-unproven");
  });

  test("does not stop where that risk was taken, and stays unproven", async () => {
    const { peer } = await phase({ reach: OPEN }, ["udp-unproven"]);
    expect(peer).toMatchObject({ obstacles: [], unproven: [{ code: "E_UDP_UNPROVEN" }] });
  });

  test("stays unproven where the shell there can start no echo; what the shell tells is judged", async () => {
    const { transport } = fakeHost(
      {},
      {
        perl: { exitCode: 127, stderr: "perl: not found" },
        "uname -n": "PVE1\n",
        pveversion: "pve-manager/8.4.1/2a5fa54a8503f96d (running kernel: 6.8.12-10-pve)\n",
      },
    );
    const shell = openHost(transport, closedGate, noJournal);
    const { peer } = await phase({ reach: OPEN, contact: { ...unanswered(), shell } });
    expect(peer?.obstacles.map(({ code }) => code)).toEqual(["E_SAME_NAME", "E_UDP_UNPROVEN"]);
    expect(peer?.warnings).toMatchObject([{ check: "version" }]);
  }, 20_000);
});
