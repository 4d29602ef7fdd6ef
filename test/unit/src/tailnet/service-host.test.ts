import { expect, test } from "bun:test";
import { WEB_TARGET } from "../../../../src/tailnet/serve.ts";
import {
  approvedAddresses,
  readServicePort,
  serviceNameBeside,
  servicesWithWebPage,
} from "../../../../src/tailnet/service-host.ts";

const NAME = serviceNameBeside("svc:tailmox", "pve1.tail1234.ts.net");
const serving = (proxy: string, name = "tailmox") => ({
  TCP: { "443": { HTTPS: true } },
  Web: { [`${name}.tail1234.ts.net:443`]: { Handlers: { "/": { Proxy: proxy } } } },
});
const kind = (config: unknown) => readServicePort(JSON.stringify(config), NAME)?.kind;

test("a Service has its name beside the host's, in the same tailnet", () => {
  expect(NAME).toEqual({ service: "svc:tailmox", dnsName: "tailmox.tail1234.ts.net" });
});

test("port 443 of a Service is free, the web page's, or somebody else's, whatever the host itself serves", () => {
  const own = serving("http://127.0.0.1:3000", "pve1");
  expect(kind(own)).toBe("free");
  expect(kind({ ...own, Services: { "svc:other": serving(WEB_TARGET, "other") } })).toBe("free");
  expect(kind({ ...own, Services: { "svc:tailmox": serving(WEB_TARGET) } })).toBe("web page");
  expect(kind({ Services: { "svc:tailmox": serving("http://127.0.0.1:3000") } })).toBe("foreign");
  expect(kind({ Services: { "svc:tailmox": { TCP: { "443": { TCPForward: "127.0.0.1:9" } } } } })).toBe(
    "foreign",
  );
  expect(kind([])).toBeUndefined();
});

test("only the Services with the web page are ours to take away", () => {
  const text = JSON.stringify({
    Services: { "svc:tailmox": serving(WEB_TARGET), "svc:other": serving("http://127.0.0.1:3000", "other") },
  });
  expect(servicesWithWebPage(text, "pve1.tail1234.ts.net")).toEqual(["svc:tailmox"]);
  expect(servicesWithWebPage("No serve config", "pve1.tail1234.ts.net")).toEqual([]);
});

test("an approval is what the control server grants, with the Service's addresses", () => {
  const granted = { "service-host": [{ "svc:tailmox": ["100.100.0.1", "fd7a::1"] }] };
  expect(approvedAddresses(granted, "svc:tailmox")).toEqual(["100.100.0.1", "fd7a::1"]);
  expect(approvedAddresses(granted, "svc:other")).toBeUndefined();
  expect(approvedAddresses({ "service-host": null }, "svc:tailmox")).toBeUndefined();
  expect(approvedAddresses({}, "svc:tailmox")).toBeUndefined();
});
