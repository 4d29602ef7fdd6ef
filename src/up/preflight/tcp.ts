import type { Obstacle } from "../../cluster/facts.ts";
import type { TcpAnswer } from "../../host/tcp.ts";

/** Without these hosts form no cluster. Source: proxmox.md 13. */
export const NEEDED_PORTS = [22, 8006] as const;
/** Where `tailscale serve` shows the web page; nothing in a cluster depends on it. */
export const WEB_PORT = 443;

/** Linux sends one refusal a second to each host, and the pings have had them. */
export const REJECTS = "the packet filter that refuses the pings, whose refusals are too few for all";

const SERVICES = { 22: "sshd", 8006: "pveproxy" } as const;
const UNITS = { 22: "ssh", 8006: "pveproxy" } as const;

/** Each needed port that is not open. Refusal and silence have different causes, and so different mends. */
export function tcpObstacles(ports: ReadonlyMap<number, TcpAnswer>, pingsRefused: boolean): Obstacle[] {
  return NEEDED_PORTS.flatMap((port) => {
    const answer = ports.get(port);
    const common = { check: `tcp ${port}`, code: "E_PEER_UNREACHABLE" } as const;
    switch (answer?.kind) {
      case "open":
        return [];
      case "refused":
        return {
          ...common,
          what: `TCP ${port}: refused`,
          likely: `${SERVICES[port]} does not listen there, or a packet filter there rejects`,
          mend: `there: systemctl status ${UNITS[port]}; nft list ruleset`,
        };
      case "silent":
        return {
          ...common,
          what: `TCP ${port}: no answer in ${answer.afterMs / 1000} s`,
          likely: pingsRefused
            ? REJECTS
            : "silence, not refusal: something between drops it, most often the tailnet policy",
          mend: pingsRefused ? "nft list ruleset, on both" : "tailmox policy check",
        };
      default:
        return {
          ...common,
          what: `TCP ${port}: ${answer?.reason ?? "not tried"}`,
          likely: "a packet filter on one of the two hosts rejects it",
          mend: "nft list ruleset, on both",
        };
    }
  });
}
