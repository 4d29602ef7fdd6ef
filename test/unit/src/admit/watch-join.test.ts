import { describe, expect, test } from "bun:test";
import type { Applicant } from "../../../../src/admit/applicants.ts";
import { type JoinEnd, watchJoin } from "../../../../src/admit/watch-join.ts";
import type { Cluster } from "../../../../src/cluster/facts.ts";
import type { Echo } from "../../../../src/rendezvous/ask.ts";
import { clusterOf, ROOT_KEY } from "../rendezvous/facts.ts";

const APPLICANT: Applicant = {
  name: "pve3",
  address: "100.64.0.3",
  node: "pve3",
  pve: "9.1.2",
  tailmox: "0.1.0",
  guests: 0,
  key: ROOT_KEY,
  fingerprint: "SHA256:x",
};

interface Moment {
  readonly cluster?: Cluster;
  readonly echo: Echo;
  readonly keyIsKept?: boolean;
}

describe("a join that is let in", () => {
  test("has ended well when its vote is there and pvecm has written its key", async () => {
    const half = { ...clusterOf(3), quorate: false, presentVotes: 2 };
    const end = await watched([
      { cluster: clusterOf(2), echo: "echoed" },
      { echo: "echoed" },
      { cluster: half, echo: "echoed" },
      { cluster: clusterOf(3), echo: "echoed" },
      { cluster: clusterOf(3), echo: "echoed", keyIsKept: true },
    ]);
    expect(end).toEqual({ kind: "joined", cluster: clusterOf(3) });
  });

  test("has ended well, too, when tailmox there has ended and its vote is there", async () => {
    const moment: Moment = { cluster: clusterOf(3), echo: "refused" };
    expect((await watched([moment, moment, moment])).kind).toBe("joined");
  });

  test("is given up when tailmox there has ended and it is no member: refused thrice, not once", async () => {
    const gone: Moment = { cluster: clusterOf(2), echo: "refused" };
    const there: Moment = { cluster: clusterOf(2), echo: "echoed" };
    expect(await watched([gone, gone, there, gone, gone, gone])).toEqual({ kind: "given up", listed: false });
  });

  test("goes on while it is silent, and is over with its time; what the cluster lists is told", async () => {
    const silent: Moment = {
      cluster: { ...clusterOf(3), quorate: false, presentVotes: 2 },
      echo: "silent",
    };
    expect(await watched([silent], 60)).toEqual({ kind: "time over", listed: true });
  });
});

/** One moment after the other, the last one for ever. */
async function watched(moments: readonly Moment[], untilMs = 60_000): Promise<JoinEnd> {
  let index = -1;
  const now = () => moments[Math.min(index, moments.length - 1)];
  return watchJoin(APPLICANT, {
    untilMs,
    everyMs: 5,
    look: async () => {
      index += 1;
      return now()?.cluster;
    },
    keyIsKept: async () => now()?.keyIsKept ?? false,
    ask: async () => ({ echoes: new Map([[5406, now()?.echo ?? "silent"]]) }),
    doing: () => undefined,
  });
}
