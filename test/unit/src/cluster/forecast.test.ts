import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FORECAST_DEFAULTS, forecast } from "../../../../src/cluster/forecast.ts";
import { perTime } from "../../../../src/cluster/forecast-verdict.ts";
import type { Mesh } from "../../../../src/cluster/mesh.ts";
import { PROXMOX_DEFAULTS, totemSettings } from "../../../../src/cluster/totem.ts";
import { tunedSettings } from "../../../../src/cluster/tuned.ts";
import type { SettingsFor } from "../../../../src/cluster/weakest.ts";
import { evenMesh, meshOf, siteMesh } from "./meshes.ts";

const options = { ...FORECAST_DEFAULTS, runs: 20 };
const tuned: SettingsFor = (mesh, order) => tunedSettings(mesh, order).settings;
const pve9: SettingsFor = () => PROXMOX_DEFAULTS["pve-9"];
const judge = (mesh: Mesh, settings = tuned, more: Partial<typeof options> = {}) =>
  forecast(mesh, settings, { ...options, ...more });

describe("the verdict", () => {
  test("is green for tuned hosts at RTT 80 that lose little, red at the defaults of Proxmox", () => {
    const mesh = evenMesh(5, 80, 0.02);
    expect(judge(mesh).verdict).toEqual({ colour: "green", reasons: [] });
    const { verdict, changes } = judge(mesh, pve9);
    expect(verdict.colour).toBe("red");
    expect(verdict.reasons[0]?.text).toContain("an hour");
    expect(changes?.mean ?? 0).toBeGreaterThan(24);
  });

  test("is amber where a click is slow, though nothing breaks", () => {
    const { verdict } = judge(evenMesh(5, 150, 0));
    expect(verdict).toEqual({
      colour: "amber",
      reasons: [{ colour: "amber", text: "a small change in /etc/pve takes 0.8 s, so every click is slow" }],
    });
  });

  test("is red with HA where a crash would stop writes for too long, amber without", () => {
    const mesh = evenMesh(8, 330, 0);
    expect(judge(mesh, tuned, { ha: true }).verdict.colour).toBe("red");
    expect(judge(mesh, tuned, { ha: false }).verdict.colour).toBe("amber");
  });

  test("is red, without a count, where no ring can form", () => {
    const short = totemSettings.parse({ knet_ping_interval: 100, knet_ping_timeout: 200 });
    const { verdict, changes } = judge(evenMesh(3, 250, 0), () => short);
    expect(verdict.colour).toBe("red");
    expect(verdict.reasons[0]?.text).toContain("never comes up");
    expect(changes).toBeUndefined();
  });

  test("does not promise what few probes cannot show", () => {
    const seen = (sent: number) => judge(evenMesh(7, 300, 0, { sent, lost: 0 }));
    const few = seen(40);
    expect(few.verdict.reasons.map(({ text }) => text).join()).toContain("leaves");
    expect(few.changes?.mean ?? 1).toBeLessThan(0.1);
    expect(few.changes?.highByMeasurement ?? 0).toBeGreaterThan(0.1);
    expect(few.measured.wanted?.probes).toBeGreaterThan(40);
    expect(few.measured.lossBound).toBeCloseTo(0.072, 3);
    const many = seen(10_000);
    expect(many.verdict.reasons.map(({ text }) => text).join()).not.toContain("leaves");
    expect(many.measured.wanted).toBeUndefined();
  });
});

describe("beyond what was measured", () => {
  test("there is no green for loss, and a word for RTT and for the number of hosts", () => {
    const lossy = judge(meshOf(3, (a, b) => ({ rttMs: 20, loss: a + b === 1 ? 0.15 : 0 })));
    expect(lossy.verdict).toMatchObject({
      colour: "amber",
      reasons: [{ text: expect.stringContaining("15 %") }],
    });
    expect(judge(evenMesh(8, 10, 0)).beyond).toEqual({ hosts: "8 hosts: measured up to 7" });
    expect(judge(evenMesh(2, 1200, 0)).beyond.rtt).toContain("1200 ms");
    expect(judge(evenMesh(7, 20, 0.1)).beyond).toEqual({});
  });
});

describe("the count of membership changes", () => {
  test("has its mean within its interval, wider where fewer probes stand behind it", () => {
    const of = (sent: number) => judge(evenMesh(5, 100, 0.01, { sent, lost: sent / 100 }), pve9).changes;
    const [few, many] = [of(100), of(10_000)];
    for (const changes of [few, many]) {
      expect(changes?.low ?? 1).toBeLessThanOrEqual(changes?.mean ?? 0);
      expect(changes?.mean ?? 1).toBeLessThanOrEqual(changes?.high ?? 0);
    }
    expect(few?.high ?? 0).toBeGreaterThan(1.5 * (many?.high ?? 0));
    expect(few?.low ?? 1).toBeLessThan(many?.low ?? 0);
  });

  test("is the same for the same seed", () => {
    const mesh = evenMesh(4, 60, 0.004);
    expect(judge(mesh, pve9, { seed: 5 })).toEqual(judge(mesh, pve9, { seed: 5 }));
  });

  test("is said in a unit that one can picture", () => {
    expect(perTime(240)).toBe("10 membership changes an hour");
    expect(perTime(3)).toBe("3.0 membership changes a day");
    expect(perTime(0.05)).toBe("1.5 membership changes a month");
    expect(perTime(1e-3)).toBe("0.4 membership changes a year");
    expect(perTime(1e-9)).toBe("no membership change in years");
  });
});

describe("the weakest", () => {
  const oslo = meshOf(5, (a, b) => ({ rttMs: a === 4 || b === 4 ? 220 : 30 }));

  test("host is the one without which the ring is shortest, where nothing breaks", () => {
    const { weakest, ring } = judge(oslo);
    expect(weakest.host?.name).toBe("h4");
    expect(weakest.host?.without).toMatchObject({ rotationMs: 60, verdict: "green" });
    expect(ring.rotationMs).toBe(265);
    expect(weakest.pair.names).toContain("h4");
  });

  test("host is the lossy one, where the loss breaks the ring", () => {
    const lossy = meshOf(5, (a, b) => ({ rttMs: 120, loss: a === 2 || b === 2 ? 0.05 : 0.0005 }));
    const { weakest } = judge(lossy, pve9);
    expect(weakest.host?.name).toBe("h2");
    expect(weakest.pair.names).toContain("h2");
  });

  test("host is nobody of two, of whom none can be spared", () => {
    expect(judge(evenMesh(2, 50, 0)).weakest.host).toBeUndefined();
  });
});

describe("room for more hosts", () => {
  test("ends where the limit of a crash's outage or a slow click is reached", () => {
    // Green ends at a rotation of 250 ms: five hosts at RTT 80 make 200, six 240.
    expect(judge(evenMesh(5, 80, 0)).moreHosts).toBe(1);
    expect(judge(evenMesh(5, 150, 0)).moreHosts).toBeGreaterThan(8);
  });

  test("is none where the verdict is red already, and ends at 32", () => {
    expect(judge(evenMesh(5, 80, 0.03), pve9).moreHosts).toBe(0);
    expect(judge(evenMesh(3, 2, 0)).moreHosts).toBe(29);
  });
});

test("a forecast shows the best ids beside the present ones: each site in one stretch", () => {
  const { ring } = judge(siteMesh("ababab", 100));
  expect(ring).toMatchObject({ order: ["h0", "h1", "h2", "h3", "h4", "h5"], rotationMs: 300 });
  expect(ring.best).toMatchObject({ nodeids: [10, 20, 30, 40, 50, 60], rotationMs: 102, exact: true });
  expect(ring.best.order[0]).toBe("h0");
  expect(new Set(ring.best.order.slice(0, 3))).toEqual(new Set(["h0", "h2", "h4"]));
});

test("any full mesh gets a forecast of finite figures in bounded time", () => {
  const links = fc.record({
    rttMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 2000, noNaN: true })),
    jitterMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 500, noNaN: true })),
    loss: fc.oneof(fc.constantFrom(0, 0.001, 0.999), fc.double({ min: 0, max: 0.999, noNaN: true })),
    sent: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }),
  });
  const meshes = fc.integer({ min: 2, max: 6 }).chain((count) =>
    fc.array(links, { minLength: count * count, maxLength: count * count }).map((told) =>
      meshOf(count, (from, to) => {
        const { rttMs, jitterMs, loss, sent } = told[from * count + to] ?? { rttMs: 1, jitterMs: 0, loss: 0 };
        const probes = sent === undefined ? {} : { sent, lost: Math.round(loss * sent) };
        return { rttMs, jitterMs, loss, ...probes };
      }),
    ),
  );
  fc.assert(
    fc.property(meshes, fc.constantFrom(tuned, pve9), (mesh, settingsFor) => {
      const { changes, figures, ring } = judge(mesh, settingsFor, { runs: 2, hours: 6 });
      const counts = changes ? [changes.low, changes.mean, changes.high] : [0, 0, 0];
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      for (const value of [...counts, ring.rotationMs, figures.outageMs.crash, figures.writeLatencyMs.p99]) {
        expect(Number.isFinite(value)).toBe(true);
      }
    }),
    { numRuns: 12, seed: 1, endOnFailure: true },
  );
});
