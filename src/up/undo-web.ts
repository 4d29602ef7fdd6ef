import type { Host } from "../host/host.ts";
import { CERTIFICATE, readProxyCertificate } from "../proxmox/web-certificate.ts";
import { fetchCertificate } from "../steps/fetch-certificate.ts";
import { askOwnServices, withdrawService } from "../steps/offer-service.ts";
import { hasRenewal, stopRenewing } from "../steps/renew-certificate.ts";
import { askPort443, stopServing } from "../steps/serve-web.ts";
import { setCertificate } from "../steps/set-certificate.ts";
import type { Step } from "../steps/step.ts";
import { undoing } from "../steps/undoing.ts";
import type { TailnetFacts } from "../tailnet/facts.ts";

/** The steps that take the web page's ways into the tailnet back, each where it is tailmox's. */
export async function undoWeb(host: Host, node: string, tailnet: TailnetFacts): Promise<Step[]> {
  const self = tailnet.kind === "answers" ? tailnet.status.self : undefined;
  const dnsName = self?.dnsName ?? "";
  const serves = self !== undefined && (await askPort443(host, dnsName))?.kind === "web page";
  const isSet = (await readProxyCertificate(host, node)) === "tailmox";
  const isKept = (await host.text(CERTIFICATE.cert)) !== undefined;
  const spec = { node, dnsName, address: self?.address ?? "" };
  const offered = self === undefined ? [] : await askOwnServices(host, dnsName);
  return [
    ...offered.map((service) => undoing(offeredWords(service), (own) => withdrawService(own, service))),
    ...(serves ? [undoing(SERVE, stopServing)] : []),
    ...((await hasRenewal(host)) ? [undoing(RENEWAL, stopRenewing)] : []),
    ...(isSet ? [undoing(SET, setCertificate(spec).undo)] : []),
    ...(isKept ? [undoing(KEPT, fetchCertificate(dnsName, { toFiles: true }).undo)] : []),
  ];
}

const SERVE = {
  name: "web page",
  title: "show the web page no longer on 443 of the tailnet (tailscale serve --https=443 off)",
  usually: "usually 1 s",
};
const offeredWords = (service: string) => ({
  name: "Service",
  title: `answer no longer for ${service} (tailscale serve clear ${service})`,
  usually: "usually 1 s",
});
const RENEWAL = {
  name: "renewal",
  title: "remove the timer that renews the certificate",
  usually: "usually 1 s",
};
const SET = {
  name: "certificate",
  title: "pveproxy shows the certificate of its own authority again (pvenode cert delete)",
  usually: "usually 2 s",
};
const KEPT = {
  name: "its files",
  title: "remove Tailscale's certificate and key from /var/lib/tailmox",
  usually: "at once",
};
