import { runOk } from "../../src/host/run.ts";
import type { SitePlan } from "../plan.ts";
import { inNamespace } from "./in-namespace.ts";

/**
 * Makes a site's namespace the home router that its plan asks for: it forwards what comes from the LAN
 * under its own address, lets answers in and nothing else, and itself answers only to ping.
 */
export async function createRouter(site: SitePlan): Promise<void> {
  await runOk(inNamespace(site.namespace, ["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"]));
  await runOk(inNamespace(site.namespace, ["nft", "-f", "-"]), { input: routerRules(site) });
}

/**
 * The rules of a home router. Its mapping keeps a port as long as it is free (`preserve`: two hosts behind
 * two such routers find a direct path) or takes a random one for every peer (`random`: they do not).
 * From lan0 to lan0: where the kernel shows bridged packets to the packet filter (br_netfilter), those
 * between two hosts of the LAN pass `forward` too.
 */
export function routerRules(site: Pick<SitePlan, "natPorts">): string {
  const masquerade = site.natPorts === "random" ? "masquerade fully-random" : "masquerade";
  return `table ip router {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname "wan0" ${masquerade}
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lan0" oifname { "lan0", "wan0" } accept
  }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iifname "lo" accept
    iifname "lan0" accept
    icmp type echo-request accept
  }
}
`;
}
