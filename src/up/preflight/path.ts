import type { Finding } from "../../cluster/facts.ts";
import type { Path } from "../../tailnet/status.ts";

/** A relayed path works; whether it is good enough is for the forecast to say. Source: tailscale.md 6.2. */
export function pathWarnings(name: string, path: Path): Finding[] {
  if (path.kind !== "DERP") return [];
  const relay = path.region === "" ? "DERP" : `DERP ${path.region}`;
  return [
    {
      check: "path",
      what: `reached through a relay (${relay}): it works, but each packet takes a detour over TCP`,
      likely: "neither of the two routers lets UDP through",
      mend: `open UDP 41641 at ${name}'s router or at this host's: docs/guide.md#relay`,
    },
  ];
}
