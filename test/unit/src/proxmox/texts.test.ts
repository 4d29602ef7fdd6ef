import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseCorosyncConf } from "../../../../src/cluster/corosync-conf.ts";
import { readJoinOutput } from "../../../../src/proxmox/join-output.ts";
import { parseMembers } from "../../../../src/proxmox/members.ts";
import { describeCluster } from "../../../../src/proxmox/place.ts";
import { parsePublishedAddress } from "../../../../src/proxmox/published-address.ts";
import { parsePvecmStatus } from "../../../../src/proxmox/pvecm-status.ts";
import { isNodeName, parsePveVersion } from "../../../../src/proxmox/version.ts";

// The samples are those of the contract (proxmox.md 1, 2, 3, 4, 6), with their trailing blanks.
const STATUS = `Cluster information
-------------------
Name:             tailmox
Config Version:   2
Transport:        knet
Secure auth:      on

Quorum information
------------------
Date:             Tue Sep 14 11:06:47 2025
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          0x00000001
Ring ID:          1.9
Quorate:          Yes

Votequorum information
----------------------
Expected votes:   2
Highest expected: 2
Total votes:      2
Quorum:           2  \nFlags:            Quorate \n
Membership information
----------------------
    Nodeid      Votes Name
0x00000001          1 100.64.0.1 (local)
0x00000002          1 100.64.0.2
`;

const CONF = `logging {
  debug: off
  to_syslog: yes
}

nodelist {
  node {
    name: pve1
    nodeid: 1
    quorum_votes: 1
    ring0_addr: 100.64.0.1
  }
  node {
    name: pve2
    nodeid: 2
    quorum_votes: 1
    ring0_addr: 100.64.0.2
  }
}

quorum {
  provider: corosync_votequorum
}

totem {
  cluster_name: tailmox
  config_version: 2
  interface {
    linknumber: 0
  }
  version: 2
}
`;

const MEMBERS = `{"nodename": "pve1", "version": 4,
 "cluster": { "name": "tailmox", "version": 2, "nodes": 2, "quorate": 1 },
 "nodelist": { "pve1": { "id": 1, "online": 1, "ip": "100.64.0.1"}, "pve2": { "id": 2, "online": 0} } }`;

describe("pveversion", () => {
  test("both releases are read", () => {
    expect(parsePveVersion("pve-manager/8.4.1/2a5fa54a8503f96d (running kernel: 6.8.12-10-pve)\n")).toEqual({
      major: 8,
      version: "8.4.1",
    });
    expect(
      parsePveVersion("pve-manager/9.1.2/9d436f37a0ac4172 (running kernel: 6.17.2-1-pve)\n")?.major,
    ).toBe(9);
    expect(parsePveVersion("bash: pveversion: command not found")).toBeUndefined();
  });

  test("a node name has letters of both cases, digits and inner hyphens", () => {
    expect(["pve1", "PVE-1", "a"].every(isNodeName)).toBe(true);
    expect(["-pve", "pve-", "pve_1", "pve.1", ""].some(isNodeName)).toBe(false);
  });
});

describe("pvecm status", () => {
  test("quorate, with the trailing blanks of the real one", () => {
    expect(parsePvecmStatus(STATUS)).toEqual({
      clusterName: "tailmox",
      quorate: true,
      expectedVotes: 2,
      totalVotes: 2,
      presentIds: [1, 2],
      ringId: "1.9",
    });
  });

  test("not quorate: activity blocked, empty flags, one member", () => {
    const text = STATUS.replace("Quorate:          Yes", "Quorate:          No")
      .replace("Total votes:      2", "Total votes:      1")
      .replace("Quorum:           2  ", "Quorum:           2 Activity blocked")
      .replace("0x00000002          1 100.64.0.2\n", "");
    expect(parsePvecmStatus(text)).toMatchObject({ quorate: false, totalVotes: 1, presentIds: [1] });
  });

  test("a qdevice votes, but is no member", () => {
    const text = `${STATUS}0x00000000          1            Qdevice\n`;
    expect(parsePvecmStatus(text)?.presentIds).toEqual([1, 2]);
  });

  test("the header alone, as printed while corosync is down, is no status", () => {
    expect(parsePvecmStatus(STATUS.slice(0, STATUS.indexOf("Quorum information")))).toBeUndefined();
    expect(parsePvecmStatus("")).toBeUndefined();
  });
});

describe("what a member's files say", () => {
  test("node list, votes and published addresses come together", () => {
    const members = parseMembers(MEMBERS);
    expect(members?.nodes.get("pve2")).toEqual({ id: 2, online: false });
    const status = parsePvecmStatus(STATUS.replace("0x00000002          1 100.64.0.2\n", ""));
    expect(members && describeCluster(CONF, members, status)).toMatchObject({
      name: "tailmox",
      members: [
        { name: "pve1", id: 1, link0: "100.64.0.1", published: "100.64.0.1", online: true },
        { name: "pve2", id: 2, link0: "100.64.0.2", published: undefined, online: false },
      ],
    });
  });

  test("with corosync down a member is still a member: not quorate, no votes present", () => {
    const members = parseMembers('{"nodename": "pve1", "version": 1}');
    expect(members && describeCluster(CONF, members, undefined)).toMatchObject({
      name: "tailmox",
      quorate: false,
      presentVotes: 0,
      expectedVotes: 2,
    });
  });

  test("comments, a qdevice and a torn corosync.conf", () => {
    expect(
      parseCorosyncConf(CONF.replace("provider:", "device {\n model: net\n }\n provider:"))?.qdevice,
    ).toBe(true);
    expect(parseCorosyncConf(CONF.replace("nodeid: 2", "nodeid: 20 # moved"))?.nodes[1]?.id).toBe(20);
    expect(parseCorosyncConf(CONF.slice(0, 200))).toBeUndefined();
  });

  test("pmxcfs's last word on its own address counts, and no other node's", () => {
    const journal = [
      "resolved node name 'pve1' to '192.168.1.11' for default node IP address",
      "resolved node name 'pve2' to '100.64.0.2' for default node IP address",
      "resolved node name 'pve1' to '100.64.0.1' for default node IP address",
    ].join("\n");
    expect(parsePublishedAddress(journal, "pve1")).toBe("100.64.0.1");
    expect(parsePublishedAddress("", "pve1")).toBeUndefined();
  });
});

describe("pvecm add", () => {
  const SUCCESS = `Establishing API connection with host '100.64.0.1'
Login succeeded.
check cluster join API version
Request addition of this node
Join request OK, finishing setup locally
stopping pve-cluster service
backup old database to '/var/lib/pve-cluster/backup/config-1757841234.sql.gz'
waiting for quorum...OK
(re)generate node files
generate new node certificate
merge authorized SSH keys
generated new node certificate, restart pveproxy and pvedaemon services
successfully added node 'pve2' to cluster.
`;

  test("only the last line means success", () => {
    expect(readJoinOutput(SUCCESS)).toMatchObject({ added: true, requested: true, complaints: [] });
    expect(readJoinOutput(SUCCESS.slice(0, SUCCESS.indexOf("successfully"))).added).toBe(false);
  });

  test("a hang tells where it hangs", () => {
    const text = SUCCESS.slice(0, SUCCESS.indexOf("OK\n(re)"));
    expect(readJoinOutput(text)).toMatchObject({
      stage: "waiting for quorum",
      requested: true,
      added: false,
    });
  });

  test("reasons are gathered from both streams", () => {
    const stdout = "detected the following error(s):\n* this host already contains virtual guests\n";
    expect(readJoinOutput(stdout, "Check if node may join a cluster failed!\n").complaints).toEqual([
      "this host already contains virtual guests",
      "Check if node may join a cluster failed!",
    ]);
    const refused = "An error occurred on the cluster node: cluster not ready - no quorum?\n";
    expect(readJoinOutput(refused).complaints).toEqual(["cluster not ready - no quorum?"]);
  });
});

test("no text of a Proxmox tool makes a parser throw", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary" }), fc.json(), torn(STATUS), torn(CONF), torn(MEMBERS)),
      (text) => {
        parsePveVersion(text);
        parsePvecmStatus(text);
        parseCorosyncConf(text);
        parseMembers(text);
        readJoinOutput(text, text);
        parsePublishedAddress(text, "pve1");
      },
    ),
    { numRuns: 300 },
  );
});

/** The text with a piece cut out or doubled somewhere. */
function torn(text: string) {
  const at = fc.nat(text.length);
  return fc.tuple(at, at).map(([from, to]) => text.slice(0, from) + text.slice(to));
}
