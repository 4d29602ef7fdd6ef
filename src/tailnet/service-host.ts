import { z } from "zod";
import { parseJson } from "../host/json.ts";
import { type Port443, readPort443 } from "./serve.ts";

/** A Tailscale Service and its name in the tailnet. */
export interface ServiceName {
  /** "svc:tailmox". */
  readonly service: string;
  /** "tailmox.tail1234.ts.net". */
  readonly dnsName: string;
}

/** The name that a Service gets beside a host of the same tailnet. Source: tailscale.md 5. */
export function serviceNameBeside(service: string, hostDnsName: string): ServiceName {
  const suffix = hostDnsName.slice(hostDnsName.indexOf("."));
  return { service, dnsName: `${service.replace(/^svc:/, "")}${suffix}` };
}

/** What this host serves at port 443 of a Service; undefined when the answer is something else. */
export function readServicePort(text: string, { service, dnsName }: ServiceName): Port443 | undefined {
  const parsed = servicesJson.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const config = parsed.data.Services?.[service];
  return config === undefined ? { kind: "free" } : readPort443(JSON.stringify(config), dnsName);
}

/** The Services at whose port 443 this host serves the Proxmox web page. */
export function servicesWithWebPage(text: string, hostDnsName: string): string[] {
  const services = servicesJson.safeParse(parseJson(text)).data?.Services ?? {};
  return Object.keys(services).filter(
    (service) => readServicePort(text, serviceNameBeside(service, hostDnsName))?.kind === "web page",
  );
}

/** The Service's addresses, as the control server tells the hosts that it approved; undefined before that. */
export function approvedAddresses(
  capabilities: Readonly<Record<string, unknown>>,
  service: string,
): string[] | undefined {
  const hosted = serviceHostCapability.safeParse(capabilities["service-host"]).data ?? [];
  const found = hosted.flatMap((one) => (one[service] ? [one[service]] : []));
  return found.length > 0 ? found.flat() : undefined;
}

const servicesJson = z.object({ Services: z.record(z.string(), z.unknown()).nullish() });

const serviceHostCapability = z.array(z.record(z.string(), z.array(z.string())));
