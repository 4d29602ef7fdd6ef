import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "../../src/host/run.ts";
import type { LabPlan } from "../plan.ts";
import { startDaemon, stopDaemon } from "../processes.ts";
import { ACME_NAME, internetNames, VENDOR_NAME } from "./addresses.ts";
import { ensureAuthority, ensureServerCertificate } from "./authority.ts";
import { ensurePrograms } from "./programs.ts";
import { listensOn, untilReady } from "./ready.ts";
import { ensureVendorRepository } from "./vendor-repository.ts";
import type { VendorServerSettings } from "./vendor-server.ts";

/**
 * Starts what the lab has of the internet, in the namespace of its role: a name server, the vendor's package
 * repository, and with the hosted kind a certificate authority behind Let's Encrypt's name. The namespace must
 * exist. Throws E_LAB_TAILNET when one of them does not come up.
 */
export async function startInternet(plan: LabPlan): Promise<void> {
  await mkdir(tailnetDir(plan), { recursive: true, mode: 0o700 });
  await runOk(["ip", "-n", plan.internet.namespace, "link", "set", "lo", "up"]);
  await Promise.all([startNameServer(plan), startWeb(plan)]);
}

export async function stopInternet(plan: LabPlan): Promise<void> {
  await Promise.all(["dnsmasq", "vendor-server", "pebble"].map((daemon) => stopDaemon(plan, daemon)));
}

/** Where control server and internet of a lab keep their files. */
export function tailnetDir(plan: LabPlan): string {
  return join(plan.dir, "tailnet");
}

/** Where the web server leaves pebble's root certificate, which is another one for each start of pebble. */
export function acmeRootFile(plan: LabPlan): string {
  return join(tailnetDir(plan), "acme-root.pem");
}

/** Settings of dnsmasq: the lab's names, and "no such name" for all others, at once. */
export function nameServerSettings(plan: LabPlan): string {
  return [
    `listen-address=${plan.internet.address}`,
    "bind-interfaces",
    "port=53",
    "no-resolv",
    "no-hosts",
    "no-poll",
    "local=/#/",
    "local-ttl=60",
    "log-facility=-",
    "pid-file=",
    ...Object.entries(internetNames(plan)).map(([name, address]) => `host-record=${name},${address}`),
    "",
  ].join("\n");
}

async function startNameServer(plan: LabPlan): Promise<void> {
  const settings = join(tailnetDir(plan), "dnsmasq.conf");
  await writeFile(settings, nameServerSettings(plan));
  await startDaemon(plan, "dnsmasq", ["dnsmasq", "--keep-in-foreground", `--conf-file=${settings}`], {
    namespace: plan.internet.namespace,
  });
  await untilReady(plan, "dnsmasq", listensOn("udp", 53));
}

async function startWeb(plan: LabPlan): Promise<void> {
  const hosted = plan.scenario.tailnet === "hosted";
  const [repository, authority, server] = await Promise.all([
    ensureVendorRepository(),
    ensureAuthority(),
    ensureServerCertificate([VENDOR_NAME, ACME_NAME, "127.0.0.1"]),
  ]);
  if (hosted) await startPebble(plan, server);
  const settings: VendorServerSettings = {
    address: plan.internet.address,
    repository: repository.directory,
    ...server,
    ...(hosted && { acme: { authority: authority.certificate, rootFile: acmeRootFile(plan) } }),
  };
  const settingsFile = join(tailnetDir(plan), "vendor-server.json");
  await writeFile(settingsFile, JSON.stringify(settings));
  await rm(acmeRootFile(plan), { force: true });
  await startDaemon(
    plan,
    "vendor-server",
    [process.execPath, join(import.meta.dir, "vendor-server.ts"), settingsFile],
    { namespace: plan.internet.namespace },
  );
  await untilReady(plan, "vendor-server", listensOn("tcp", 443));
  if (hosted)
    await untilReady(plan, "vendor-server", () => readFile(acmeRootFile(plan)).catch(() => undefined));
}

/** Let's Encrypt's test server; takes every challenge for fulfilled (tailscale.md 9.3). */
async function startPebble(plan: LabPlan, server: { certificate: string; key: string }): Promise<void> {
  const settings = join(tailnetDir(plan), "pebble.json");
  const { pebble } = await ensurePrograms();
  await writeFile(
    settings,
    JSON.stringify({
      pebble: {
        listenAddress: "127.0.0.1:14000",
        managementListenAddress: "127.0.0.1:15000",
        certificate: server.certificate,
        privateKey: server.key,
        httpPort: 80,
        tlsPort: 443,
        keyAlgorithm: "ecdsa",
        profiles: { default: { description: "90 days", validityPeriod: 90 * 86_400 } },
      },
    }),
  );
  await startDaemon(plan, "pebble", [pebble, "-config", settings], {
    namespace: plan.internet.namespace,
    // No pauses, and no nonces refused at random: what fails in the lab should fail every time.
    env: { PEBBLE_VA_ALWAYS_VALID: "1", PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "0" },
  });
  await untilReady(plan, "pebble", listensOn("tcp", 15000));
}
