import type { ScenarioInput } from "../scenario.ts";

export default {
  name: "testbed",
  summary: "one Proxmox host with a template and room for three VMs that are hosts themselves",
  tailnet: "headscale",
  sites: [{ name: "home" }],
  hosts: [{ name: "pve1", site: "home", release: "pve9" }],
} satisfies ScenarioInput;
