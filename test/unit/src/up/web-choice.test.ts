import { describe, expect, test } from "bun:test";
import { chooseWeb, type WebFacts } from "../../../../src/up/web-choice.ts";

const FACTS: WebFacts = {
  dnsName: "pve1.tail1234.ts.net",
  certifiable: true,
  port443: { kind: "free" },
  proxyCertificate: "own authority",
  acme: false,
  renews: false,
};
const FOREIGN = { kind: "foreign", words: "nginx" } as const;

describe("the web page", () => {
  test("is served where the tailnet can, and that holds once it is", () => {
    expect(chooseWeb(FACTS, undefined)).toEqual({ kind: "serve", holds: false });
    expect(chooseWeb({ ...FACTS, port443: { kind: "web page" } }, undefined)).toEqual({
      kind: "serve",
      holds: true,
    });
  });

  test("stays with the certificate that an earlier run set", () => {
    const set: WebFacts = { ...FACTS, proxyCertificate: "tailmox", renews: true };
    expect(chooseWeb(set, undefined)).toEqual({ kind: "cert", holds: true });
    expect(chooseWeb({ ...set, renews: false }, undefined)).toEqual({ kind: "cert", holds: false });
  });

  test.each([
    ["a tailnet without HTTPS", { certifiable: false }, undefined],
    ["a tailnet without HTTPS, though asked for", { certifiable: false }, "cert"],
    ["a foreign handler on 443", { port443: FOREIGN }, undefined],
    ["a foreign handler on 443, though asked for", { port443: FOREIGN }, "serve"],
    ["a certificate that somebody set for pveproxy", { proxyCertificate: "foreign" }, "cert"],
    ["an ACME configuration", { acme: true }, "cert"],
  ] as const)("is none, with the reason, on a host with %s", (_, change, wish) => {
    expect(chooseWeb({ ...FACTS, ...change }, wish)).toMatchObject({
      kind: "none",
      why: expect.stringMatching(/.{4}/),
    });
  });

  test("by serve is not hindered by pveproxy's own certificate or ACME, nor by certificate by port 443", () => {
    const own: WebFacts = { ...FACTS, proxyCertificate: "foreign", acme: true };
    expect(chooseWeb(own, undefined).kind).toBe("serve");
    expect(chooseWeb({ ...FACTS, port443: FOREIGN }, "cert").kind).toBe("cert");
  });

  test("is none when it is not wanted, whatever could be", () => {
    expect(chooseWeb(FACTS, "none").kind).toBe("none");
  });
});
