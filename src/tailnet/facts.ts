import { z } from "zod";
import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import { parseJson } from "../host/json.ts";
import { isMissing } from "../host/missing-tool.ts";
import { parseStatus, type TailnetStatus } from "./status.ts";

/** Tailscale on a host, as far as it is there. */
export type TailnetFacts =
  | { readonly kind: "not installed" }
  | { readonly kind: "daemon down"; readonly words: string }
  | { readonly kind: "answers"; readonly status: TailnetStatus; readonly prefs: Prefs };

/** The settings that matter to a cluster, by the names of `tailscale set`. */
export interface Prefs {
  readonly acceptRoutes: boolean;
  readonly acceptDns: boolean;
  readonly shieldsUp: boolean;
  readonly ssh: boolean;
  /** undefined: the tailnet's default decides. */
  readonly autoUpdate: boolean | undefined;
  readonly loginServer: string;
  /** Its rules are in force in this host's firewall (--netfilter-mode=on). */
  readonly filtersPackets: boolean;
  /** Services that this host offers to serve: "svc:tailmox". */
  readonly advertisedServices: readonly string[];
}

/** Looks at Tailscale on a host. Nothing is guessed: text of another form throws E_TAILSCALE_DOWN. */
export async function readTailnet(reader: Reader): Promise<TailnetFacts> {
  const [status, prefs] = await Promise.all([
    reader.run(["tailscale", "status", "--json"], { timeoutMs: 15_000 }),
    reader.run(["tailscale", "debug", "prefs"], { timeoutMs: 15_000 }),
  ]);
  if (isMissing(status)) return { kind: "not installed" };
  // Logged out and stopped exit 0 as well: another code means that nobody answered (tailscale.md 1.8).
  if (status.exitCode !== 0) return { kind: "daemon down", words: status.stderr.trim() };
  const parsed = parseStatus(status.stdout);
  const parsedPrefs = parsePrefs(prefs.stdout);
  if (parsed && parsedPrefs) return { kind: "answers", status: parsed, prefs: parsedPrefs };
  throw new UserError("E_TAILSCALE_DOWN", "tailscale answers in a form that tailmox does not know", {
    likely: "a version of Tailscale that is much newer or older than this tailmox",
    mend: "tailscale version; tailscale status --json",
  });
}

/** Reads `tailscale debug prefs`; undefined when it is something else. */
export function parsePrefs(text: string): Prefs | undefined {
  const parsed = prefsJson.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { data } = parsed;
  return {
    acceptRoutes: data.RouteAll,
    acceptDns: data.CorpDNS,
    shieldsUp: data.ShieldsUp,
    ssh: data.RunSSH,
    autoUpdate: data.AutoUpdate?.Apply ?? undefined,
    loginServer: data.ControlURL,
    filtersPackets: data.NetfilterMode === NETFILTER_ON,
    advertisedServices: data.AdvertiseServices ?? [],
  };
}

/** 0 is off, 1 leaves the rules unused (tailscale.md 6.7; preftype.NetfilterMode). */
const NETFILTER_ON = 2;

const prefsJson = z.object({
  RouteAll: z.boolean().default(false),
  CorpDNS: z.boolean().default(false),
  ShieldsUp: z.boolean().default(false),
  RunSSH: z.boolean().default(false),
  AutoUpdate: z.object({ Apply: z.boolean().nullish() }).nullish(),
  ControlURL: z.string().default(""),
  NetfilterMode: z.number().default(NETFILTER_ON),
  AdvertiseServices: z.array(z.string()).nullish(),
});
