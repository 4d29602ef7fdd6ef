import { expect, test } from "bun:test";
import fc from "fast-check";
import { ZodError } from "zod";
import type { Reader } from "../../../src/host/host.ts";
import { parseJson } from "../../../src/host/json.ts";
import { readCreated } from "../../../src/proxmox/created.ts";
import { parseFirewall } from "../../../src/proxmox/firewall.ts";
import { parseGuest } from "../../../src/proxmox/guest-macs.ts";
import { readJoinOutput } from "../../../src/proxmox/join-output.ts";
import { parseMembers } from "../../../src/proxmox/members.ts";
import { sections, userLines } from "../../../src/proxmox/own-config.ts";
import { describeCluster } from "../../../src/proxmox/place.ts";
import { readPlaceByApi } from "../../../src/proxmox/place-by-api.ts";
import { parsePublishedAddress } from "../../../src/proxmox/published-address.ts";
import { parsePvecmStatus } from "../../../src/proxmox/pvecm-status.ts";
import { daysLeft } from "../../../src/proxmox/web-certificate.ts";
import { isFirewallOn } from "../../../src/up/host-facts.ts";
import { anyJsonLike, anyText } from "./texts.ts";

const RUNS = { numRuns: 500 };
const MEMBERS = {
  nodename: "pve1",
  version: 4,
  cluster: { name: "tailmox", version: 2, nodes: 2, quorate: 1 },
  nodelist: { pve1: { id: 1, online: 1, ip: "100.64.0.1" }, pve2: { id: 2, online: 0 } },
};
const STATUS = `Name:             tailmox
Quorate:          Yes
Expected votes:   2
Total votes:      2
Quorum:           2  \nFlags:            Quorate \n0x00000001          1 100.64.0.1 (local)
0x00000002          1 100.64.0.2
`;

test(".members, however damaged, is read whole or not at all, and never quorate by accident", () => {
  fc.assert(
    fc.property(fc.oneof(anyJsonLike(MEMBERS), anyText(JSON.stringify(MEMBERS))), (text) => {
      const members = parseMembers(text);
      if (!members) return;
      expect(typeof members.nodeName).toBe("string");
      if (members.cluster?.quorate) expect(text).toMatch(/"quorate":\s*1/);
      describeCluster(text, members, undefined);
    }),
    RUNS,
  );
});

test("pvecm status, however damaged, is quorate only where it says so, with figures", () => {
  fc.assert(
    fc.property(anyText(STATUS), (text) => {
      const status = parsePvecmStatus(text);
      if (!status) return;
      if (status.quorate) expect(text).toMatch(/Quorate:\s+Yes/);
      expect([status.expectedVotes, status.totalVotes].every(Number.isInteger)).toBe(true);
    }),
    RUNS,
  );
});

test("an API that answers anything is an error, or a place: standalone only by an empty node list", async () => {
  const answers = {
    nodes: [{ node: "pve1", nodeid: "1", quorum_votes: "1", ring0_addr: "100.64.0.1" }],
    status: [
      { type: "cluster", name: "tailmox", quorate: 1 },
      { type: "node", name: "pve1", ip: "100.64.0.1", online: 1 },
    ],
    qdevice: {},
    totem: { cluster_name: "tailmox" },
    guests: [{ vmid: 100 }],
  };
  await fc.assert(
    fc.asyncProperty(anyJsonLike(answers), async (text) => {
      const given = parseJson(text);
      const of = (key: string): unknown =>
        typeof given === "object" && given !== null
          ? Object.entries(given).find(([name]) => name === key)?.[1]
          : given;
      const paths: Record<string, string> = {
        "/cluster/config/nodes": "nodes",
        "/cluster/status": "status",
        "/cluster/config/qdevice": "qdevice",
        "/cluster/config/totem": "totem",
      };
      const session = {
        get: async (path: string) => of(paths[path] ?? "guests"),
        delete: async () => undefined,
      };
      const place = await readPlaceByApi(session).catch((error: unknown) => error);
      if (place instanceof ZodError) return;
      expect(place).toHaveProperty("kind");
      if (JSON.stringify(place).includes('"standalone"')) expect(of("nodes")).toEqual([]);
    }),
    RUNS,
  );
});

test("Proxmox's files and the words of its tools are read without a fault", async () => {
  const guest = "name: opnsense\nnet0: virtio=BC:24:11:00:00:01,bridge=vmbr0\n[snap]\nnet0: x\n";
  const firewall =
    "[OPTIONS]\nenable: 1\npolicy_in: DROP\n[IPSET management]\n192.168.1.0/24\n!10.0.0.1 # x\n";
  const files = "nfs: nas\n\tserver 10.0.0.5\nuser:root@pam:1:0:::::\n";
  const join =
    "Request addition of this node\nwaiting for quorum...OK\nsuccessfully added node 'pve2' to cluster.\n";
  const journal = "resolved node name 'pve1' to '100.64.0.1' for default node IP address\n";
  const created = { cluster: "tailmox", by: "tailmox up", at: "2026-01-01T00:00:00Z" };
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(anyText(guest, firewall, files, join, journal), anyJsonLike(created)),
      async (text) => {
        for (const [mac] of parseGuest("100", text)) expect(mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
        parseFirewall(text);
        isFirewallOn(text);
        sections(text);
        userLines(text, "user");
        readJoinOutput(text, text);
        parsePublishedAddress(text, "pve1");
        daysLeft(text);
        const reader: Pick<Reader, "text"> = { text: async () => text };
        await readCreated(reader);
      },
    ),
    RUNS,
  );
});
