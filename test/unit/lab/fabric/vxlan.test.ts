import { expect, test } from "bun:test";
import { addressTo, routeOf } from "../../../../lab/fabric/relay/vxlan.ts";

test("the sender is the VNI, the receiver the last byte of the inner destination MAC", () => {
  expect(routeOf(packet({ vni: 7, mac: [2, 0, 0, 0, 0, 9], ipBytes: 84 }))).toEqual({
    kind: "unicast",
    from: 7,
    to: 9,
    ipBytes: 84,
  });
});

test("all three bytes of the VNI count, so that a foreign one is never taken for a port", () => {
  expect(routeOf(packet({ vni: 0x010007, mac: [2, 0, 0, 0, 0, 9] }))).toMatchObject({ from: 0x010007 });
});

test("broadcast and multicast frames are told apart", () => {
  expect(routeOf(packet({ mac: [255, 255, 255, 255, 255, 255] })).kind).toBe("multicast");
  expect(routeOf(packet({ mac: [1, 0, 0x5e, 0, 0, 1] })).kind).toBe("multicast");
  expect(routeOf(packet({ mac: [0x33, 0x33, 0, 0, 0, 2] })).kind).toBe("multicast");
});

test("what is too short, has no VNI, or is for a MAC that no port has is malformed", () => {
  expect(routeOf(new Uint8Array(0)).kind).toBe("malformed");
  expect(routeOf(packet({}).subarray(0, 21)).kind).toBe("malformed");
  expect(routeOf(packet({ flags: 0 })).kind).toBe("malformed");
  expect(routeOf(packet({ mac: [2, 0, 0, 1, 0, 9] })).kind).toBe("malformed");
});

test("a readdressed packet differs from the received one in its VNI alone", () => {
  const bytes = packet({ vni: 7, mac: [2, 0, 0, 0, 0, 250], ipBytes: 40 });
  const before = [...bytes];
  addressTo(bytes, 250);
  expect(routeOf(bytes)).toMatchObject({ from: 250, to: 250, ipBytes: 40 });
  before[6] = 250;
  expect([...bytes]).toEqual(before);
});

function packet({ flags = 8, vni = 2, mac = [2, 0, 0, 0, 0, 3], ipBytes = 28 }): Uint8Array {
  const bytes = new Uint8Array(8 + 14 + ipBytes).fill(0xaa);
  bytes.set([flags, 0, 0, 0, (vni >> 16) & 255, (vni >> 8) & 255, vni & 255, 0, ...mac]);
  return bytes;
}
