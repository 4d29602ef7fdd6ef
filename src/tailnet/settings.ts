import type { Prefs } from "./facts.ts";

/** A setting of an existing login that hurts a cluster; by its name in `tailscale set`. */
export interface HurtfulSetting {
  readonly name: "accept-routes" | "accept-dns" | "shields-up" | "auto-update" | "ssh";
  readonly why: string;
}

/** Those that are on. Source: tailscale.md 6.4 to 6.6, 12; an existing login keeps them unless asked. */
export function hurtfulSettings(prefs: Prefs): HurtfulSetting[] {
  return ALL.filter(({ name }) => isOn(prefs, name));
}

function isOn(prefs: Prefs, name: HurtfulSetting["name"]): boolean {
  switch (name) {
    case "accept-routes":
      return prefs.acceptRoutes;
    case "accept-dns":
      return prefs.acceptDns;
    case "shields-up":
      return prefs.shieldsUp;
    case "auto-update":
      return prefs.autoUpdate === true;
    case "ssh":
      return prefs.ssh;
  }
}

const ALL: readonly HurtfulSetting[] = [
  { name: "accept-routes", why: "a subnet route of another host can take over this host's LAN" },
  { name: "accept-dns", why: "without tailscaled this host would resolve no names" },
  { name: "shields-up", why: "no peer can reach this host" },
  { name: "auto-update", why: "all hosts may restart tailscaled in the same minute" },
  { name: "ssh", why: "Tailscale SSH answers on port 22, where Proxmox expects this host's own sshd" },
];
