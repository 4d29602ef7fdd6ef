import type { Host } from "../host/host.ts";
import { tryTcp } from "../host/tcp.ts";
import { hasAcme, readProxyCertificate } from "../proxmox/web-certificate.ts";
import { renews } from "../steps/renew-certificate.ts";
import { askPort443 } from "../steps/serve-web.ts";
import type { Port443 } from "../tailnet/serve.ts";
import type { OwnTailnet } from "./tailnet.ts";
import type { WebFacts } from "./web-choice.ts";

/** What is there already of the web page's way into the tailnet. Changes nothing. */
export async function readWeb(host: Host, node: string, { status, address }: OwnTailnet): Promise<WebFacts> {
  const { dnsName } = status.self;
  const certifiable = status.certifiable.includes(dnsName);
  const [port443, proxyCertificate, acme, renewing] = await Promise.all([
    certifiable ? readPort(host, dnsName, address) : ({ kind: "free" } as const),
    readProxyCertificate(host, node),
    hasAcme(host, node),
    renews(host, { node, dnsName }),
  ]);
  return { dnsName, certifiable, port443, proxyCertificate, acme, renews: renewing };
}

async function readPort(host: Host, dnsName: string, address: string): Promise<Port443> {
  const port = await askPort443(host, dnsName);
  if (!port)
    return { kind: "foreign", words: "tailscale serve answers in a form that tailmox does not know" };
  if (port.kind !== "free" || (await tryTcp(address, 443, 2_000)).kind !== "open") return port;
  return { kind: "foreign", words: "another program of this host listens on port 443" };
}
