import type { Finding } from "../../cluster/facts.ts";
import type { Lan } from "../../host/lans.ts";
import { covers, parsePrefix } from "../../policy/prefix.ts";
import type { Prefs } from "../../tailnet/facts.ts";
import type { TailnetStatus } from "../../tailnet/status.ts";

/**
 * Routes of other nodes that this host takes and that lie over its own networks: Tailscale's table comes before the
 * main one, so that the LAN is looked for in the tunnel. Source: tailscale.md 6.6.
 */
export function routeWarnings(
  { acceptRoutes }: Pick<Prefs, "acceptRoutes">,
  { peers }: Pick<TailnetStatus, "peers">,
  lans: readonly Lan[],
): Finding[] {
  if (!acceptRoutes) return [];
  return peers.flatMap(({ name, routes }) =>
    routes.flatMap((route) => {
      const outer = parsePrefix(route);
      const taken = lans.filter(({ network }) => {
        const inner = parsePrefix(network);
        return outer && inner && outer.bits > 0 && (covers(outer, inner) || covers(inner, outer));
      });
      return taken.map(({ network, device }) => ({
        check: "routes",
        what: `this host takes the route ${route} from ${name}, over its own ${network} on ${device}`,
        likely: "accept-routes is on, and that node advertises a network of the same numbers",
        mend: "tailscale set --accept-routes=false",
      }));
    }),
  );
}
