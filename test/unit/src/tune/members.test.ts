import { describe, expect, test } from "bun:test";
import { totemSettings } from "../../../../src/cluster/totem.ts";
import { parseCmap } from "../../../../src/corosync/cmap.ts";
import { faults, type MemberState } from "../../../../src/tune/members.ts";

const settings = totemSettings.parse({
  token: 10_000,
  token_coefficient: 0,
  token_retransmits_before_loss_const: 30,
  knet_ping_interval: 500,
  knet_ping_timeout: 8_000,
  knet_mtu: 1280,
});

/** As corosync 3.1.9 prints it with these settings, three members. */
const runtime = `runtime.config.totem.consensus (u32) = 12000
runtime.config.totem.interface.0.knet_ping_interval (u32) = 500
runtime.config.totem.interface.0.knet_ping_timeout (u32) = 8000
runtime.config.totem.knet_mtu (u32) = 1280
runtime.config.totem.token (u32) = 10000
runtime.config.totem.token_retransmit (u32) = 331
runtime.members.1.status (str) = joined
runtime.members.2.status (str) = joined
runtime.members.3.status (str) = joined
`;

function member(name: string, given: Partial<MemberState> = {}): MemberState {
  const well = {
    conf: "new",
    quorate: true,
    runtime: parseCmap(runtime),
    linksDown: [],
    ringsFormed: 3,
    linkDowns: 0,
  };
  return { name, ...well, ...given };
}

const three = (third: Partial<MemberState>) => [member("pve1"), member("pve2"), member("pve3", third)];
const found = (third: Partial<MemberState>) => faults(three(third), { conf: "new", settings });

describe("what is wrong with the members of a ring", () => {
  test("nothing, when each has file, timers, quorum, members and links", () => {
    expect(found({})).toEqual([]);
  });

  test("a file that did not arrive", () => {
    expect(found({ conf: "old" })).toEqual(["pve3 has another corosync.conf"]);
    expect(found({ conf: undefined })).toEqual(["pve3 has another corosync.conf"]);
  });

  test("a timer that corosync did not take over", () => {
    const lagging = parseCmap(runtime.replace("ping_timeout (u32) = 8000", "ping_timeout (u32) = 1562"));
    expect(found({ runtime: lagging })).toEqual([
      "pve3: runtime.config.totem.interface.0.knet_ping_timeout is 1562, not 8000",
    ]);
  });

  test("a member that left, a link that is down, quorum that is gone", () => {
    const left = parseCmap(
      runtime.replace("members.2.status (str) = joined", "members.2.status (str) = left"),
    );
    expect(found({ runtime: left, linksDown: [2], quorate: false })).toEqual([
      "pve3 has no quorum",
      "pve3 sees 2 of 3 members",
      "pve3 has links down to node 2",
    ]);
  });

  test("a member that does not answer is all of it", () => {
    expect(found({ conf: undefined, quorate: false, runtime: parseCmap("") })).toContain(
      "pve3 has no quorum",
    );
  });
});
