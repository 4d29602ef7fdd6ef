import { describe, expect, test } from "bun:test";
import { chooseDevices } from "../../../../../src/tailnet/admin/choose-devices.ts";
import { staleDevices } from "../../../../../src/tailnet/admin/stale-devices.ts";
import type { Device } from "../../../../../src/tailnet/api/control-plane.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

describe("which devices are stale", () => {
  const old = device("pve2", { id: "old", online: false, lastSeen: "2026-01-05T00:00:00Z" });
  const made = device("pve2", { id: "new", created: "2026-01-06T00:00:00Z" });
  const ids = (devices: readonly Device[]) => staleDevices(devices, NOW).map((stale) => stale.device.id);

  test("one that was not seen since another of its host name was made, which is online", () => {
    expect(ids([old, made])).toEqual(["old"]);
  });

  test("not one that is merely off, for however long", () => {
    expect(ids([old])).toEqual([]);
  });

  test("not one whose namesake is off as well, has another tag, or was made while it was still seen", () => {
    expect(ids([old, { ...made, online: false, lastSeen: "2026-02-01T00:00:00Z" }])).toEqual([]);
    expect(ids([old, { ...made, tags: ["tag:tailmox-old"] }])).toEqual([]);
    expect(ids([old, { ...made, created: "2026-01-04T00:00:00Z" }])).toEqual([]);
  });

  test("not one that went off within the hour, is online, or was shared from another tailnet", () => {
    expect(
      ids([
        { ...old, lastSeen: "2026-03-01T11:30:00Z" },
        { ...made, created: "2026-03-01T11:40:00Z" },
      ]),
    ).toEqual([]);
    expect(ids([{ ...old, online: true }, made])).toEqual([]);
    expect(ids([{ ...old, external: true }, made])).toEqual([]);
  });

  test("a member of this host's cluster is never chosen by itself, and by name only with the risk accepted", () => {
    const options = { members: ["100.64.0.7"], acceptOnline: false };
    const member = { ...old, addresses: ["100.64.0.7"] };
    expect(chooseDevices([member, made], { ...options, wanted: [] }, NOW)).toEqual([]);
    const named = { ...options, wanted: ["old"] };
    expect(() => chooseDevices([member, made], named, NOW)).toThrow(
      expect.objectContaining({ code: "E_DEVICE_KEPT" }),
    );
    expect(chooseDevices([member, made], { ...named, acceptOnline: true }, NOW)).toHaveLength(1);
  });
});

function device(hostname: string, over: Partial<Device>): Device {
  return {
    id: hostname,
    hostname,
    name: hostname,
    addresses: ["100.64.0.1"],
    tags: ["tag:tailmox"],
    version: "1.102.3",
    online: true,
    lastSeen: undefined,
    created: "2026-01-01T00:00:00Z",
    keyExpires: undefined,
    authorized: true,
    external: false,
    ...over,
  };
}
