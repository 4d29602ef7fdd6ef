import type { ProxyCertificate } from "../proxmox/web-certificate.ts";
import type { Port443 } from "../tailnet/serve.ts";

/** How the web page is shown beside https://ADDRESS:8006. */
export type WebKind = "serve" | "cert" | "none";

/** What the choice depends on. */
export interface WebFacts {
  readonly dnsName: string;
  /** The tailnet gives this host a certificate for its name. */
  readonly certifiable: boolean;
  readonly port443: Port443;
  readonly proxyCertificate: ProxyCertificate;
  readonly acme: boolean;
  /** The timer that renews the certificate runs. */
  readonly renews: boolean;
}

export type WebChoice =
  | { readonly kind: "serve" | "cert"; readonly holds: boolean }
  | { readonly kind: "none"; readonly why: string; readonly mend?: string };

/** What to do about the web page; without a wish, what is there already, else serve where it can be. */
export function chooseWeb(facts: WebFacts, wish: WebKind | undefined): WebChoice {
  if (wish === "none") return { kind: "none", why: "as you asked" };
  if (!facts.certifiable) {
    return {
      kind: "none",
      why: "this tailnet gives no HTTPS certificates",
      mend: "switch HTTPS certificates on in the admin console (DNS); headscale has none",
    };
  }
  const kind = wish ?? (facts.proxyCertificate === "tailmox" ? "cert" : "serve");
  return kind === "cert" ? chooseCert(facts) : chooseServe(facts);
}

function chooseServe({ port443 }: WebFacts): WebChoice {
  if (port443.kind === "foreign") {
    return { kind: "none", why: port443.words, mend: "free port 443, or take --web cert" };
  }
  return { kind: "serve", holds: port443.kind === "web page" };
}

function chooseCert({ proxyCertificate, acme, renews }: WebFacts): WebChoice {
  if (proxyCertificate === "foreign") {
    return {
      kind: "none",
      why: "pveproxy has a certificate of its own, which tailmox does not replace",
      mend: "pvenode cert delete, or take --web serve",
    };
  }
  if (acme) {
    return {
      kind: "none",
      why: "Proxmox is configured to get this node's certificate by ACME",
      mend: "take --web serve, or take ACME out of the node's configuration: pvenode config get",
    };
  }
  return { kind: "cert", holds: proxyCertificate === "tailmox" && renews };
}
