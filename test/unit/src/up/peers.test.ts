import { expect, test } from "bun:test";
import { closedGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { awaitPeers } from "../../../../src/up/peers.ts";
import { type Answers, fakeHost } from "./fake-host.ts";

const PREFS = '{"RouteAll":false,"CorpDNS":false,"ShieldsUp":false,"ControlURL":"https://hs.example"}';
const TAG = "tag:tailmox";

test("a peer that comes into the map while it is looked for is found", async () => {
  const looks = [["pve2"], ["pve2", "pve3"]];
  const found = await look(() => looks.shift() ?? ["pve2", "pve3"], 20_000);
  expect(found).toEqual(["pve2", "pve3"]);
});

test("what is visible when the time is over is what there is", async () => {
  expect(await look(() => ["pve2"], 0)).toEqual(["pve2"]);
});

/** Until pve3 is there. */
async function look(visible: () => string[], waitMs: number): Promise<string[]> {
  const answers: Answers = { "tailscale debug": PREFS };
  const { transport } = fakeHost({}, answers);
  const run: typeof transport.run = async (argv, options) => {
    const base = await transport.run(argv, options);
    return argv.join(" ") === "tailscale status --json" ? { ...base, stdout: statusWith(visible()) } : base;
  };
  const host = openHost({ ...transport, run }, closedGate, noJournal);
  const seen = await awaitPeers(host, { tag: TAG, first: [], waitMs }, (peers) =>
    peers.some(({ name }) => name === "pve3"),
  );
  return seen.map(({ name }) => name);
}

function statusWith(names: readonly string[]): string {
  const node = (name: string, index: number) => ({
    ID: `n${index}`,
    DNSName: `${name}.ts.net.`,
    TailscaleIPs: [`100.64.0.${index}`],
    Tags: [TAG],
    Online: true,
  });
  return JSON.stringify({
    Version: "1.102.3",
    TUN: true,
    BackendState: "Running",
    Self: node("pve1", 1),
    Peer: Object.fromEntries(names.map((name, index) => [name, node(name, index + 2)])),
  });
}
