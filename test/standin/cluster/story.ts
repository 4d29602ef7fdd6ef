import { beforeAll } from "bun:test";
import type { RunResult } from "../../../src/host/run.ts";
import { fingerprintOf, type Trio, trioForTests } from "../hosts.ts";

/** What the chapters of one cluster's life share. */
export interface ClusterStory extends Trio {
  /** That of pve1's certificate, as it was in the beginning. */
  fingerprint(): string;
  /** pve2 joins pve1, with its password from a pipe. */
  join(...more: string[]): Promise<RunResult>;
}

/** Boots the lab before the tests, and takes it away after. */
export function clusterStory(): ClusterStory {
  const trio = trioForTests("standin-cluster");
  const { pve1, pve2 } = trio;
  let fingerprint = "";
  beforeAll(async () => {
    fingerprint = await fingerprintOf(pve1);
  });
  return {
    ...trio,
    fingerprint: () => fingerprint,
    join: (...more) =>
      pve2.run(["pvecm", "add", pve1.address, "--link0", pve2.address, ...more], {
        input: `${pve1.password}\n`,
      }),
  };
}
