import { z } from "zod";
import { parseJson } from "../host/json.ts";

/** What holds port 443 of this host's tailnet name, as far as tailscaled knows. */
export type Port443 =
  | { readonly kind: "free" }
  /** The Proxmox web page, and nothing else. */
  | { readonly kind: "web page" }
  | { readonly kind: "foreign"; readonly words: string };

/** Where `tailscale serve` leads for the web page: pveproxy speaks TLS with a certificate of its own authority. */
export const WEB_TARGET = "https+insecure://127.0.0.1:8006";

/** Reads `tailscale serve status --json`; undefined when it is something else. Source: tailscale.md 1.12. */
export function readPort443(text: string, dnsName: string): Port443 | undefined {
  const parsed = serveJson.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { TCP, Web, AllowFunnel, Foreground } = parsed.data;
  const name = `${dnsName}:443`;
  if (AllowFunnel?.[name]) {
    return { kind: "foreign", words: "Funnel shows port 443 of this host to the whole internet" };
  }
  const sessions = Object.values(Foreground ?? {});
  if (sessions.some((session) => session.TCP?.["443"])) {
    return { kind: "foreign", words: "somebody runs tailscale serve on port 443 at a terminal" };
  }
  const handler = TCP?.["443"];
  if (!handler) return { kind: "free" };
  if (!handler.HTTPS) return { kind: "foreign", words: "tailscale serve forwards port 443 as plain TCP" };
  const handlers = Web?.[name]?.Handlers ?? {};
  const foreign = Object.entries(handlers).find(([path, to]) => path !== "/" || !isWebPage(to.Proxy));
  if (foreign) {
    const [path, to] = foreign;
    const what = to.Proxy || to.Path || "a text";
    return { kind: "foreign", words: `tailscale serve shows ${what} at ${path} there` };
  }
  // Handlers are kept by name and port: after a rename those of the old name are left (tailscale.md 1.12).
  return handlers["/"] ? { kind: "web page" } : { kind: "free" };
}

function isWebPage(proxy: string): boolean {
  return /^https\+insecure:\/\/(?:127\.0\.0\.1|localhost):8006\/?$/.test(proxy);
}

const tcp = z.record(z.string(), z.object({ HTTPS: z.boolean().default(false) })).nullish();

const serveJson = z.object({
  TCP: tcp,
  Web: z
    .record(
      z.string(),
      z.object({
        Handlers: z
          .record(z.string(), z.object({ Proxy: z.string().default(""), Path: z.string().default("") }))
          .nullish(),
      }),
    )
    .nullish(),
  AllowFunnel: z.record(z.string(), z.boolean()).nullish(),
  Foreground: z.record(z.string(), z.object({ TCP: tcp })).nullish(),
});
