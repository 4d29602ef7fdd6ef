import type { ScenarioInput } from "../scenario.ts";

export default {
  name: "five",
  summary: "five hosts at five places, 50 ms apart: the file system under fire",
  tailnet: "none",
  sites: ["a", "b", "c", "d", "e"].map((name) => ({ name })),
  hosts: ["a", "b", "c", "d", "e"].map((site, index) => ({
    name: `pve${index + 1}`,
    site,
    release: index % 2 === 0 ? ("pve9" as const) : ("pve8" as const),
  })),
  defaultLink: { rttMs: 50 },
} satisfies ScenarioInput;
