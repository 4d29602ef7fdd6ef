import type { ScenarioInput } from "../scenario.ts";

export default {
  name: "nat",
  summary: "two hosts behind one home router, one rented host with an address of its own",
  tailnet: "headscale",
  sites: [{ name: "home", nat: true }, { name: "rented" }],
  hosts: [
    { name: "pve1", site: "home", release: "pve9" },
    { name: "pve2", site: "home", release: "pve8" },
    { name: "pve3", site: "rented", release: "pve9" },
  ],
  links: [{ a: "home", b: "rented", rttMs: 60, jitterMs: 3 }],
} satisfies ScenarioInput;
