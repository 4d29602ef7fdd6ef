import { describe, expect, test } from "bun:test";
import { UserError } from "../../../../src/errors.ts";
import { closedGate, openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { WEB_TARGET } from "../../../../src/tailnet/serve.ts";
import { parseStatus } from "../../../../src/tailnet/status.ts";
import { assertServiceCan, showService } from "../../../../src/up/service.ts";
import { type Answers, fakeHost } from "./fake-host.ts";
import { OPTIONS, silentTalk } from "./options.ts";

const status = (more: object = {}, version = "1.102.3") =>
  JSON.stringify({
    Version: version,
    BackendState: "Running",
    Self: { DNSName: "pve1.tail1.ts.net.", TailscaleIPs: ["100.64.0.1"], CapMap: { https: null, ...more } },
    CertDomains: ["pve1.tail1.ts.net"],
  });
const serving = (proxy: string) =>
  JSON.stringify({
    Services: {
      "svc:tailmox": {
        TCP: { "443": { HTTPS: true } },
        Web: { "tailmox.tail1.ts.net:443": { Handlers: { "/": { Proxy: proxy } } } },
      },
    },
  });

function hostWith(answers: Answers, { dryRun = false } = {}) {
  const fake = fakeHost({}, answers, (line, _, now) => {
    if (!line.startsWith("tailscale serve --service=svc:tailmox")) return undefined;
    now["tailscale serve status"] = serving(WEB_TARGET);
    now["tailscale debug"] = '{"AdvertiseServices": ["svc:tailmox"]}';
    return undefined;
  });
  return { fake, host: openHost(fake.transport, dryRun ? closedGate : openGate(noJournal), noJournal) };
}

async function can(statusText: string, serve = "{}") {
  const { host, fake } = hostWith({ "tailscale serve status": serve });
  const parsed = parseStatus(statusText);
  if (!parsed) throw new Error("the test's own answer cannot be read");
  const answer = await assertServiceCan(host, parsed, "svc:tailmox").catch((error: unknown) => error);
  expect(fake.changes).toEqual([]);
  return answer instanceof UserError ? answer.code : answer;
}

describe("a Service", () => {
  test("can be offered where the tailnet has certificates and the client knows Services", async () => {
    const name = { service: "svc:tailmox", dnsName: "tailmox.tail1.ts.net" };
    expect(await can(status())).toEqual(name);
    expect(await can(status(), serving(WEB_TARGET))).toEqual(name);
  });

  test("is refused before anything changes at headscale, by an old client, and where it is somebody else's", async () => {
    expect(await can(status().replace('"https":null', '"x":1'))).toBe("E_NO_SUCH_FEATURE");
    expect(await can(status({}, "1.84.0"))).toBe("E_NO_SUCH_FEATURE");
    expect(await can(status(), serving("http://127.0.0.1:3000"))).toBe("E_WEB_REFUSED");
    expect(await can(status(), "torn")).toBe("E_WEB_REFUSED");
  });

  const show = async (statusText: string, more: Partial<typeof OPTIONS> = {}) => {
    const options = { ...OPTIONS, dryRun: false, ...more };
    const { host, fake } = hostWith(
      { "tailscale serve status": "{}", "tailscale status": statusText, "tailscale debug": "{}" },
      options,
    );
    const said: string[] = [];
    const talk = { ...silentTalk, note: (...lines: readonly string[]) => said.push(...lines) };
    const name = { service: "svc:tailmox", dnsName: "tailmox.tail1.ts.net" };
    const company = { talk, ask: undefined, journal: noJournal };
    return {
      offered: await showService(host, "pve1", name, options, company, 100),
      said: said.join("\n"),
      fake,
    };
  };

  test("that was approved says so, and is one command", async () => {
    const { offered, fake } = await show(status({ "service-host": [{ "svc:tailmox": ["fd7a::1"] }] }));
    expect(offered).toMatchObject({ approved: true });
    expect(fake.changes).toEqual([
      `run tailscale serve --service=svc:tailmox --yes --https=443 ${WEB_TARGET}`,
    ]);
  });

  test("is only shown in a dry run", async () => {
    const { offered, fake } = await show(status(), { dryRun: true });
    expect(offered).toBeUndefined();
    expect(fake.changes).toEqual([]);
  });

  test("without approval says who has to do what", async () => {
    const { offered, said } = await show(status());
    expect(offered).toMatchObject({ approved: false });
    expect(said).toContain("tailmox service define --name svc:tailmox");
  });
});
