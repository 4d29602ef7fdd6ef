import { runOk } from "../../src/host/run.ts";
import { inNamespace } from "./in-namespace.ts";

/**
 * Makes the `internet` port, everybody's default route, the edge of the lab's world: what is sent to any
 * other place is answered with `net unreachable`, as a provider would, so that nobody waits in vain.
 * A missing route would say the same, but to each host about once a second only.
 */
export async function createEdge(namespace: string): Promise<void> {
  await runOk(inNamespace(namespace, ["sysctl", "-q", "-w", "net.ipv4.icmp_ratelimit=0"]));
  await runOk(inNamespace(namespace, ["nft", "-f", "-"]), { input: EDGE_RULES });
}

const EDGE_RULES = `table ip edge {
  chain prerouting {
    type filter hook prerouting priority filter;
    iifname "wan0" ip daddr != 10.66.0.0/16 reject with icmp type net-unreachable
  }
}
`;
