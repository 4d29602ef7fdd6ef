import { expect, test } from "bun:test";
import { parseCorosyncConf } from "../../../../src/cluster/corosync-conf.ts";
import { editCorosyncConf } from "../../../../src/cluster/corosync-edit.ts";
import { parseSettingsFile } from "../../../../src/cluster/settings-file.ts";
import { PROXMOX_DEFAULTS, totemSettings } from "../../../../src/cluster/totem.ts";
import { settingsEdit, tuneTexts } from "../../../../src/cluster/tune-edit.ts";

const old = `totem {
  cluster_name: tailmox
  config_version: 41
  consensus: 9000
  interface {
    linknumber: 0
  }
  token: 6000
}
`;
const tuned = totemSettings.parse({
  token: 10_000,
  token_coefficient: 0,
  token_retransmits_before_loss_const: 20,
  knet_ping_interval: 500,
  knet_ping_timeout: 8_000,
  knet_mtu: 1280,
});

test("the new text holds exactly the settings, and the old ones come back with the highest version", () => {
  const { texts, replaced } = tuneTexts(old, settingsEdit(tuned));
  expect(parseSettingsFile(texts.new, "new")).toEqual(tuned);
  expect(parseCorosyncConf(texts.new)?.configVersion).toBe(42);
  expect(texts.back).toBe(old.replace("41", "43"));
  expect(replaced.totem).toMatchObject({ token: 6000, consensus: 9000, knet_mtu: null });
});

test("timers that hung on the old token go, so that they follow the new one", () => {
  expect(tuneTexts(old, settingsEdit(tuned)).texts.new).not.toContain("consensus");
});

test("what was replaced is the edit that undoes it", () => {
  const { texts, replaced } = tuneTexts(old, settingsEdit(tuned));
  const undone = editCorosyncConf(texts.new, replaced);
  expect(parseSettingsFile(undone, "undone")).toEqual(parseSettingsFile(old, "old"));
});

test("Proxmox's defaults take the ping keys out again", () => {
  const { texts } = tuneTexts(
    tuneTexts(old, settingsEdit(tuned)).texts.new,
    settingsEdit(PROXMOX_DEFAULTS["pve-9"]),
  );
  expect(texts.new).not.toContain("knet_ping");
  expect(parseSettingsFile(texts.new, "new")).toEqual(PROXMOX_DEFAULTS["pve-9"]);
});
