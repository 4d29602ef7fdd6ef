import type { Reader } from "../host/host.ts";
import type { Path } from "./status.ts";

/** One pong of `tailscale ping`. */
export interface Pong {
  readonly path: Path;
  readonly ms: number;
}

/**
 * Pings between the daemons until the path is direct, at most `count` times: wakes a path that has fallen
 * asleep, so that what is measured next is the real one. Says nothing about policy or firewalls.
 */
export async function wakePath(reader: Reader, address: string, count: number): Promise<readonly Pong[]> {
  const argv = ["tailscale", "ping", "-c", String(count), "--timeout=2s", address] as const;
  // Exit 1 with pongs means "relayed": the lines decide, not the code (tailscale.md 1.9).
  const result = await reader.run(argv, { timeoutMs: count * 3_000 + 2_000 });
  return parsePongs(result.stdout);
}

/**
 * Waits until the tunnel to a host carries packets both ways, for 6 s at most: usually one round trip. Two hosts that
 * greet each other at the same moment take each other's greeting for an answer to nothing, and WireGuard greets again
 * only after 5 s; what was sent meanwhile must not be counted as lost.
 */
export async function wakeTunnel(reader: Reader, address: string): Promise<void> {
  const argv = ["tailscale", "ping", "--tsmp", "-c", "6", "--timeout=1s", address] as const;
  await reader.run(argv, { timeoutMs: 9_000 });
}

/** Reads the lines of `tailscale ping`. Source: tailscale.md 1.9. */
export function parsePongs(text: string): Pong[] {
  return [...text.matchAll(/^pong from .* via (\S+) in (\S+)$/gm)].flatMap(([, via = "", took = ""]) => {
    const ms = parseGoDuration(took);
    return ms === undefined ? [] : [{ path: parseVia(via), ms }];
  });
}

function parseVia(via: string): Path {
  const derp = /^DERP\((.*)\)$/.exec(via);
  if (derp) return { kind: "DERP", region: derp[1] ?? "" };
  const relay = /^peer-relay\((.*)\)$/.exec(via);
  if (relay) return { kind: "peer relay", via: relay[1] ?? "" };
  return { kind: "direct", via };
}

/** Milliseconds of a Go duration such as 12ms, 1.203s or 1m3s. */
function parseGoDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|µs|s|m))+$/.test(text)) return undefined;
  const units: Record<string, number> = { m: 60_000, s: 1_000, ms: 1, µs: 0.001 };
  return [...text.matchAll(/([\d.]+)(ms|µs|s|m)/g)].reduce(
    (sum, [, number, unit = "ms"]) => sum + Number(number) * (units[unit] ?? 0),
    0,
  );
}
