import type { ScenarioInput } from "../scenario.ts";

export default {
  name: "demo",
  summary: "three hosts at three places, one PVE 8 and two PVE 9, bare of Tailscale",
  tailnet: "headscale",
  sites: [{ name: "home" }, { name: "parents" }, { name: "rented" }],
  hosts: [
    { name: "pve1", site: "home", release: "pve9" },
    { name: "pve2", site: "parents", release: "pve8" },
    { name: "pve3", site: "rented", release: "pve9" },
  ],
  links: [
    { a: "home", b: "parents", rttMs: 20 },
    { a: "home", b: "rented", rttMs: 90 },
    { a: "parents", b: "rented", rttMs: 110 },
  ],
} satisfies ScenarioInput;
