import { progressOnStderr } from "../lab/progress.ts";
import { ensureSetup } from "../lab/setup/setup.ts";

/** Every bench prints its own figures; they measure, they do not judge. */
const BENCHES: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
  fabric: async () => (await import("./fabric.ts")).benchFabric,
  machines: async () => (await import("./machines.ts")).benchMachines,
  forecast: async () => (await import("./forecast.ts")).benchForecast,
  start: async () => (await import("./start.ts")).benchStart,
  policy: async () => (await import("./policy.ts")).benchPolicy,
  preflight: async () => (await import("./preflight.ts")).benchPreflight,
  join: async () => (await import("./join.ts")).benchJoin,
  demo: async () => (await import("./demo.ts")).benchDemo,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`No bench called ${unknown.join(", ")}.  Names: ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}
await ensureSetup(progressOnStderr(), [{ release: "pve8" }, { release: "pve9" }]);
for (const [name, load] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n== ${name}`);
  await (await load())();
}
