import { describe, expect, test } from "bun:test";
import { readPort443, WEB_TARGET } from "../../../../src/tailnet/serve.ts";

const NAME = "pve1.tail1234.ts.net";
const web = (handlers: object, name = NAME) => ({
  TCP: { "443": { HTTPS: true } },
  Web: { [`${name}:443`]: { Handlers: handlers } },
});
const kind = (config: unknown) => readPort443(JSON.stringify(config), NAME)?.kind;

describe("port 443 in tailscale serve status --json", () => {
  test("is free without settings, and with settings for other ports alone", () => {
    expect(kind({})).toBe("free");
    expect(kind({ TCP: { "8443": { HTTPS: true } } })).toBe("free");
    expect(kind({ Services: { "svc:other": web({ "/": { Proxy: "http://127.0.0.1:80" } }) } })).toBe("free");
  });

  test("is the web page's with our handler alone", () => {
    expect(kind(web({ "/": { Proxy: WEB_TARGET } }))).toBe("web page");
    expect(kind(web({ "/": { Proxy: "https+insecure://localhost:8006" } }))).toBe("web page");
  });

  test("is free to be set again when the host was renamed since", () => {
    expect(kind(web({ "/": { Proxy: WEB_TARGET } }, "old.tail1234.ts.net"))).toBe("free");
  });

  test.each([
    ["another target", web({ "/": { Proxy: "http://127.0.0.1:3000" } })],
    ["a path beside ours", web({ "/": { Proxy: WEB_TARGET }, "/files": { Path: "/srv" } })],
    ["a folder", web({ "/": { Path: "/srv" } })],
    ["plain TCP", { TCP: { "443": { TCPForward: "127.0.0.1:8443" } } }],
    ["ours by Funnel", { ...web({ "/": { Proxy: WEB_TARGET } }), AllowFunnel: { [`${NAME}:443`]: true } }],
    ["a session at a terminal", { Foreground: { abc: web({ "/": { Proxy: WEB_TARGET } }) } }],
  ])("is somebody else's with %s", (_, config) => {
    expect(kind(config)).toBe("foreign");
  });

  test("is unknown when the answer is something else", () => {
    for (const text of ["", "No serve config", "[]", '{"TCP": 3}']) {
      expect(readPort443(text, NAME)).toBeUndefined();
    }
  });
});
