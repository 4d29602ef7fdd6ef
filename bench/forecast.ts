import { FORECAST_DEFAULTS, forecast, outlookOf } from "../src/cluster/forecast.ts";
import type { Mesh } from "../src/cluster/mesh.ts";
import { seededRandom } from "../src/cluster/random.ts";
import { bestRing, ringOrder } from "../src/cluster/ring.ts";
import { EXACT_PLACES, exactTour, type TourCost, tourLength } from "../src/cluster/shortest-tour.ts";
import { simulateRing } from "../src/cluster/simulate.ts";
import { stabilityModel } from "../src/cluster/stability-model.ts";
import { PROXMOX_DEFAULTS } from "../src/cluster/totem.ts";
import { searchTour } from "../src/cluster/tour-search.ts";
import { tunedSettings } from "../src/cluster/tuned.ts";

const DAY = { seed: 1, hours: 24, runs: 200 };

/** The speed of the forecast and of the ring search, and how good the search is where it is not exact. */
export async function benchForecast(): Promise<void> {
  await Promise.resolve();
  console.log("7 hosts, RTT 50 ms, defaults of Proxmox VE 9, 200 runs of 24 h:");
  for (const loss of [0.0005, 0.001, 0.01, 0.05]) {
    const mesh = evenMesh(7, 50, loss);
    const model = stabilityModel(mesh, ringOrder(mesh), PROXMOX_DEFAULTS["pve-9"]);
    const stopped = timed(() => simulateRing(model, DAY));
    const whole = timed(() => simulateRing(model, { ...DAY, stopEarly: false }));
    const all = timed(() => forecast(mesh, () => PROXMOX_DEFAULTS["pve-9"], FORECAST_DEFAULTS));
    console.log(
      `  loss ${(loss * 100).toFixed(2)} %: simulation ${stopped.ms} ms (${stopped.value.runs} runs until the mean is told), ` +
        `all 200 runs ${whole.ms} ms; whole forecast ${all.ms} ms`,
    );
  }
  const mesh = evenMesh(7, 50, 0.01);
  const order = ringOrder(mesh);
  const tuned = timed(() => outlookOf(mesh, order, tunedSettings(mesh, order).settings, FORECAST_DEFAULTS));
  console.log(`  tuned, loss 1 %: outlook ${tuned.ms} ms`);

  const twelve = scattered(EXACT_PLACES, 7);
  console.log(`ring of 12 hosts, exact: ${timed(() => exactTour(EXACT_PLACES, twelve)).ms} ms`);
  for (const count of [16, 32, 64]) console.log(`ring of ${count} hosts: ${searchQuality(count)}`);
  const big = evenMesh(32, 50, 0.001);
  console.log(`best ring of a mesh of 32: ${timed(() => bestRing(big)).ms} ms`);
}

/** Ten scattered sets of places, each searched under five numberings; the best of the five is the best known. */
function searchQuality(count: number): string {
  let slowest = 0;
  let worst = 1;
  for (let seed = 1; seed <= 10; seed++) {
    const cost = scattered(count, seed);
    const lengths = [1, 2, 3, 4, 5].map((shift) => {
      const renumbered: TourCost = (a, b) => cost((a * 7 + shift) % count, (b * 7 + shift) % count);
      const found = timed(() => searchTour(count, renumbered));
      slowest = Math.max(slowest, Number(found.ms));
      return tourLength(found.value, renumbered);
    });
    worst = Math.max(worst, ...lengths.map((length) => length / Math.min(...lengths)));
  }
  return `at most ${slowest.toFixed(0)} ms, at most ${((worst - 1) * 100).toFixed(2)} % over the best known (50 searches)`;
}

/** Places in a square, with directions that differ by up to a tenth, as on the internet. */
function scattered(count: number, seed: number): TourCost {
  const random = seededRandom(seed);
  const at = Array.from({ length: count }, () => ({ x: random() * 100, y: random() * 100 }));
  const skew = Array.from({ length: count * count }, () => 0.95 + random() * 0.1);
  return (a, b) => {
    const [p, q] = [at[a], at[b]];
    if (p === undefined || q === undefined) return 0;
    return Math.hypot(p.x - q.x, p.y - q.y) * (skew[a * count + b] ?? 1);
  };
}

function evenMesh(count: number, rttMs: number, loss: number): Mesh {
  const hosts = Array.from({ length: count }, (_, i) => ({ name: `pve${i + 1}` }));
  const link = { rttMs, oneWayMs: rttMs / 2, jitterMs: 0, loss };
  return { hosts, links: hosts.map((_, from) => hosts.map((_, to) => (from === to ? undefined : link))) };
}

function timed<T>(work: () => T): { ms: string; value: T } {
  const since = performance.now();
  const value = work();
  return { ms: (performance.now() - since).toFixed(0), value };
}
