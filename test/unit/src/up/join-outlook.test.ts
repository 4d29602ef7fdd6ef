import { describe, expect, test } from "bun:test";
import type { Cluster } from "../../../../src/cluster/facts.ts";
import { PROXMOX_DEFAULTS, type TotemSettings } from "../../../../src/cluster/totem.ts";
import { FOUNDERS_SETTINGS } from "../../../../src/cluster/tuned.ts";
import { closedGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { unanswered } from "../../../../src/up/contact.ts";
import { assertNotRed, forecastResult, forecastWords } from "../../../../src/up/join-forecast.ts";
import { lookAround } from "../../../../src/up/join-links.ts";
import { lookAtJoin } from "../../../../src/up/join-outlook.ts";
import type { Risk } from "../../../../src/up/risks.ts";
import { known, WELL } from "./known-peer.ts";
import { OPTIONS, silentTalk } from "./options.ts";

const SELF = { name: "pve9", address: "100.64.0.9" };
const company = { talk: silentTalk, journal: noJournal };

interface Given {
  readonly members?: number;
  readonly timers?: TotemSettings;
  /** Echoes of 20 from here to each member that do not come back. */
  readonly lost?: number;
  /** Round trips between the members, by `from to`; default 90 ms, undefined: silence. */
  readonly between?: Readonly<Record<string, number | undefined>>;
  /** What corosync says of its links where echoes are silent. */
  readonly knet?: "up" | "down" | "not told";
  readonly resources?: string;
  /** Members that let this host in. */
  readonly shells?: readonly string[];
  /** The members began to measure before the join was decided. */
  readonly ahead?: boolean;
  /** The last of them has joined since. */
  readonly joined?: boolean;
}

/** A join into a cluster of pve1, pve2, ... with ids 10, 20, ..., all 90 ms apart. */
async function look({ members: count = 2, timers = FOUNDERS_SETTINGS, lost = 0, ...given }: Given = {}) {
  const { between = {}, knet = "up", resources, shells = ["pve1", "pve2", "pve3"] } = given;
  const members = Array.from({ length: count }, (_, place) => ({
    name: `pve${place + 1}`,
    id: 10 * (place + 1),
    link0: `100.64.0.${place + 1}`,
    votes: 1,
    published: undefined,
    online: true,
  }));
  const cluster: Cluster = {
    name: "tailmox",
    quorate: true,
    expectedVotes: count,
    presentVotes: count,
    members,
    qdevice: false,
  };
  const before = { ...cluster, members: members.slice(0, given.joined ? -1 : undefined) };
  const keys = Object.entries(timers).map(([key, value]) => `  ${key}: ${value}\n`);
  const files = new Map([["/etc/pve/corosync.conf", `totem {\n${keys.join("")}}\n`]]);
  if (resources !== undefined) files.set("/etc/pve/ha/resources.cfg", resources);
  let pinging = 0;
  const peers = members.map(({ name, link0 }) => {
    const rttMs = Array.from({ length: 20 - lost }, () => 90);
    const shell = openHost(
      {
        name,
        text: async (path) => files.get(path),
        list: async () => [],
        write: () => Promise.reject(new Error("nothing may be written")),
        remove: () => Promise.reject(new Error("nothing may be removed")),
        run: async (argv, options) => {
          const isPing = argv.includes("ping") && !argv.includes("tailscale");
          const addresses = isPing ? (options?.input ?? "") : "";
          if (isPing && argv.includes("-i") && !argv.includes("-M")) pinging += 1;
          const heard = addresses.split("\n").flatMap((address) => {
            const to = members.find((member) => member.link0 === address)?.name;
            const key = `${name} ${to}`;
            const ms = key in between ? between[key] : 90;
            return to === undefined || ms === undefined ? [] : echoes(address, ms);
          });
          const stats = members
            .filter((member) => member.name !== name)
            .map(
              ({ id }) => `stats.knet.node${id}.link0.connected (u8) = ${knet === "up" ? 1 : 0}
stats.knet.node${id}.link0.latency_ave (u32) = 80000
stats.knet.node${id}.link0.latency_samples (u32) = 9`,
            );
          const stdout =
            argv[0] === "corosync-cmapctl" && knet !== "not told" ? stats.join("\n") : heard.join("\n");
          return { argv, stdout, stderr: "", exitCode: 0, timedOut: false, durationMs: 1 };
        },
      },
      closedGate,
      noJournal,
    );
    return known(name, link0, {
      reach: { ...WELL, echoes: { sent: 20, rttMs } },
      contact: { ...unanswered(), ...(shells.includes(name) && { shell }) },
    });
  });
  const met = peers.map((one) => {
    const member = { ...one, peer: { ...one.peer, verdict: { kind: "member", cluster: before } as const } };
    return given.ahead ? lookAround(member) : one;
  });
  const outlook = await lookAtJoin(cluster, SELF, met, company);
  return { ...outlook, pinging };
}

function echoes(address: string, ms: number): string[] {
  return Array.from(
    { length: 16 },
    (_, seq) => `64 bytes from ${address}: icmp_seq=${seq + 1} ttl=64 time=${ms} ms`,
  );
}

describe("a join", () => {
  test("is forecast with the timers in force, from the probes that there are", async () => {
    const outlook = await look();
    expect(forecastWords(outlook)).toBe(
      "Forecast for 3 hosts: green. A change in /etc/pve takes about 0.27 s; loss of one host stalls the cluster for " +
        "23 s; 0 to 0.2 membership changes a month (from 20 probes a way).",
    );
    expect(forecastResult(outlook)).toMatchObject({ verdict: "green", rotationMs: 135, fewestProbes: 20 });
    expect(() => assertNotRed(outlook, { ...OPTIONS, dryRun: false })).not.toThrow();
  });

  test("of a second host needs nobody's rows, and says that two are no majority without each other", async () => {
    const words = forecastWords(await look({ members: 1 }));
    expect(words).toStartWith("Forecast for 2 hosts: green.");
    expect(words).toContain("losing one stops all writes until it is back");
  });

  test("says how long to measure where few probes leave much open", async () => {
    const words = forecastWords(await look({ timers: PROXMOX_DEFAULTS["pve-9"] }));
    expect(words).toStartWith("Forecast for 3 hosts: amber: what was measured of the loss leaves ");
    expect(words).toMatch(/\(from 20 probes a way; `tailmox latency --for \d+m` narrows it\)\.$/);
  });

  test("is placed in the ring by the same round trips, and packets count for both ways", async () => {
    const near = { "pve1 pve3": 2, "pve3 pve1": 2 };
    const { ringPlace, mesh } = await look({ members: 3, between: near });
    expect(ringPlace.why).toContain("the ring is shortest");
    expect(mesh?.hosts.map(({ nodeid }) => nodeid)).toEqual([10, 20, 30, ringPlace.nodeid]);
    expect(mesh?.links.flat().flatMap((link) => (link ? [link.mtu] : []))).toEqual(Array(12).fill(1280));
  });
});

describe("what the members have measured before a join was decided", () => {
  test("is not measured again", async () => {
    const outlook = await look({ members: 3, ahead: true });
    expect(outlook.pinging).toBe(3);
    expect(outlook.mesh).toEqual((await look({ members: 3 })).mesh);
  });

  test("is measured anew where another host has joined since", async () => {
    const outlook = await look({ members: 3, ahead: true, joined: true });
    // What the new one itself sees of the others is whole.
    expect(outlook.pinging).toBe(3 + 2);
    expect(outlook.mesh).toEqual((await look({ members: 3 })).mesh);
  });
});

describe("a join that is forecast red", () => {
  const red = () => look({ timers: PROXMOX_DEFAULTS["pve-8"], lost: 2 });
  const refusal = async (acceptRisks: readonly Risk[], dryRun: boolean) => {
    const outlook = await red();
    try {
      assertNotRed(outlook, { ...OPTIONS, acceptRisks, dryRun });
      return undefined;
    } catch (error) {
      return error;
    }
  };

  test("is refused, with the timers that would do as the mend", async () => {
    expect(await refusal([], false)).toMatchObject({
      code: "E_RISK",
      message: expect.stringContaining("forecast-red"),
      likely: expect.stringContaining("Forecast for 3 hosts: red: "),
      mend: expect.stringMatching(
        /^tailmox tune on a member first.* (green|amber); .*--accept-risk forecast-red$/,
      ),
    });
  });

  test("goes on where that risk was taken by name, and a dry run shows it", async () => {
    expect(await refusal(["forecast-red"], false)).toBeUndefined();
    expect(await refusal([], true)).toBeUndefined();
    expect(forecastWords(await red())).toStartWith("Forecast for 3 hosts: red: ");
  });

  test("by an outage that HA does not wait for is red only with HA", async () => {
    const timers = { ...FOUNDERS_SETTINGS, token: 20_000 };
    expect(forecastResult(await look({ timers })).verdict).toBe("amber");
    expect(forecastResult(await look({ timers, resources: "vm: 100\n" })).verdict).toBe("red");
  });
});

describe("what is not known of a join", () => {
  test("is said of a pair that nobody measured, and nothing is forecast", async () => {
    const outlook = await look({ members: 3, shells: ["pve1"] });
    expect(outlook.mesh).toBeUndefined();
    expect(forecastWords(outlook)).toBe(
      "Forecast: unknown. Not every link is known. The matrix says nothing about pve2 and pve3.",
    );
    expect(outlook.ringPlace.why).toBe(
      "the end of the ring, since the way between pve2 and pve3 is not known",
    );
  });

  test("is said where no member shows its timers", async () => {
    const words = forecastWords(await look({ members: 1, shells: [] }));
    expect(words).toBe("Forecast: unknown. No member let this host read the timers that are in force.");
  });
});

describe("two members between which no echo passes", () => {
  const silence = { "pve1 pve2": undefined, "pve2 pve1": undefined };

  test("are named, and stop the join, where corosync does not hear the other either", async () => {
    const error = await look({ between: silence, knet: "down" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "E_DEAD_PAIR", message: expect.stringContaining("pve1 and pve2") });
  });

  test("are as far apart as corosync says, where that hears", async () => {
    const { mesh } = await look({ between: silence });
    expect(mesh?.links[0]?.[1]).toMatchObject({ rttMs: 80 });
  });

  test("are unknown where corosync tells nothing", async () => {
    const words = forecastWords(await look({ between: silence, knet: "not told" }));
    expect(words).toContain("The matrix says nothing about pve1 and pve2");
  });
});
