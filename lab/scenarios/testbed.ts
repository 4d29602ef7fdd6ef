import type { ScenarioInput } from "../scenario.ts";

export default {
  name: "testbed",
  summary: "one Proxmox host with a template and room for three VMs that are hosts themselves",
  tailnet: "headscale",
  sites: [{ name: "home" }],
  hosts: [
    { name: "pve1", site: "home", release: "pve9" },
    ...["bay1", "bay2", "bay3"].map((name) => ({
      name,
      site: "home",
      release: "pve9" as const,
      bayOf: "pve1",
    })),
  ],
} satisfies ScenarioInput;
