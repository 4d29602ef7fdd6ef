import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseCorosyncConf } from "../../../src/cluster/corosync-conf.ts";
import { editCorosyncConf } from "../../../src/cluster/corosync-edit.ts";
import { parseSettingsFile } from "../../../src/cluster/settings-file.ts";
import { knetStats, parseCmap } from "../../../src/corosync/cmap.ts";
import { anyText, survives } from "./texts.ts";

const CONF = `nodelist {
  node {
    name: pve1
    nodeid: 1
    quorum_votes: 1
    ring0_addr: 100.64.0.1
  }
}
totem {
  cluster_name: tailmox
  config_version: 2
  token: 3000
  interface {
    linknumber: 0
  }
}
`;

test("a corosync.conf, however damaged, is read, or it is none", () => {
  fc.assert(
    fc.property(anyText(CONF), (text) => {
      const conf = parseCorosyncConf(text);
      for (const node of conf?.nodes ?? []) expect(typeof node.name).toBe("string");
      survives(() => parseSettingsFile(text, "corosync.conf"));
    }),
    { numRuns: 500 },
  );
});

test("an edit of a damaged corosync.conf is refused in words, or changes what was asked and no other line", () => {
  fc.assert(
    fc.property(anyText(CONF), (text) => {
      const edited = survives(() => editCorosyncConf(text, { totem: { token: 5000 }, link: {} }));
      if (edited === undefined) return;
      const others = (of: string) => of.split("\n").filter((line) => !/token|config_version/.test(line));
      expect(others(edited)).toEqual(others(text));
    }),
    { numRuns: 500 },
  );
});

test("corosync's figures are read without a fault", () => {
  const cmap = "stats.knet.node2.link0.connected (u8) = 1\nstats.knet.node2.link0.mtu (u32) = 1125\n";
  fc.assert(
    fc.property(anyText(cmap), (text) => {
      for (const [id] of knetStats(parseCmap(text))) expect(id).toBeGreaterThanOrEqual(0);
    }),
  );
});
