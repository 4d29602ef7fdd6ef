import { expect, test } from "bun:test";
import { planLab } from "../../../../lab/plan.ts";
import { type ScenarioInput, scenario } from "../../../../lab/scenario.ts";
import { alternativeName } from "../../../../lab/tailnet/authority.ts";
import { headscaleSettings } from "../../../../lab/tailnet/headscale.ts";
import { TAILSCALED_DROP_IN } from "../../../../lab/tailnet/host-files.ts";
import { installCommands } from "../../../../lab/tailnet/install.ts";
import { nameServerSettings } from "../../../../lab/tailnet/internet.ts";
import { loginServer } from "../../../../lab/tailnet/login-server.ts";
import { DEFAULT_POLICY } from "../../../../lab/tailnet/policy-text.ts";

function planWith(tailnet: ScenarioInput["tailnet"]) {
  const hosts = [{ name: "pve1", site: "home", release: "pve9" as const }];
  return planLab(
    "unit",
    scenario.parse({ name: "unit", summary: "", tailnet, sites: [{ name: "home" }], hosts }),
  );
}

test("the name server answers the lab's names, and no upstream is asked for others", () => {
  const plan = planWith("headscale");
  const lines = nameServerSettings(plan).split("\n");
  expect(lines).toContain(`host-record=pkgs.tailscale.com,${plan.internet.address}`);
  expect(lines).toContain("no-resolv");
  expect(lines).toContain("no-hosts");
  expect(lines).toContain("local=/#/");
});

test("Let's Encrypt's name exists with the hosted kind alone", () => {
  expect(nameServerSettings(planWith("hosted"))).toContain("host-record=acme-v02.api.letsencrypt.org,");
  expect(nameServerSettings(planWith("headscale"))).not.toContain("letsencrypt");
});

test("headscale fetches no relay map and looks for no update", () => {
  expect(headscaleSettings(planWith("headscale"))).toMatchObject({
    derp: {
      urls: [],
      paths: [],
      auto_update_enabled: false,
      server: { enabled: true, verify_clients: false },
    },
    disable_check_updates: true,
    logtail: { enabled: false },
    policy: { mode: "database" },
  });
});

test("the control server has a private address, for which clients never try HTTPS", () => {
  expect(loginServer(planWith("headscale"))).toMatch(/^http:\/\/10\.\d+\.\d+\.\d+:8080$/);
  expect(loginServer(planWith("hosted"))).toMatch(/^http:\/\/10\./);
});

test("a lab without tailnet has no login server, and says so with a code", () => {
  expect(() => loginServer(planWith("none"))).toThrow(expect.objectContaining({ code: "E_LAB_NO_TAILNET" }));
});

test("the policy opens what a cluster needs between tagged hosts, and nothing for everybody", () => {
  for (const item of ["tcp:22", "tcp:443", "tcp:8006", "tcp:60000-60050", "udp:5405-5412", "icmp:*"]) {
    expect(DEFAULT_POLICY).toContain(`"${item}"`);
  }
  expect(DEFAULT_POLICY).not.toContain('["*"]');
});

test("tailscaled is told of the relay's plain HTTP, and every line of the drop-in is a setting", () => {
  const lines = TAILSCALED_DROP_IN.trim().split("\n").slice(1);
  expect(lines[0]).toBe("[Service]");
  expect(lines).toContain("Environment=TS_DEBUG_USE_DERP_HTTP=1");
  for (const line of lines.slice(1)) expect(line).toMatch(/^Environment=TS_[A-Z_]+=\w+$/);
});

test("Tailscale is installed by the vendor's own files, and no other source is updated", () => {
  const [key, list, update, install] = installCommands("bookworm");
  expect(key?.at(-1)).toBe("https://pkgs.tailscale.com/stable/debian/bookworm.noarmor.gpg");
  expect(list).toContain("/etc/apt/sources.list.d/tailscale.list");
  expect(update).toContain("Dir::Etc::sourceparts=-");
  expect(install).toEqual(["apt-get", "install", "-y", "tailscale", "tailscale-archive-keyring"]);
});

test("addresses and names are told apart in certificates", () => {
  expect(alternativeName("127.0.0.1")).toBe("IP:127.0.0.1");
  expect(alternativeName("pkgs.tailscale.com")).toBe("DNS:pkgs.tailscale.com");
});
