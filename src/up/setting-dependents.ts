import { isIPv4 } from "node:net";
import { z } from "zod";
import { resolveIn } from "../cluster/hosts-file.ts";
import { inTailnetRange } from "../cluster/underlay.ts";
import type { Host } from "../host/host.ts";
import { parseJson } from "../host/json.ts";
import { type RemoteServer, readRemoteServers } from "../host/remote-servers.ts";
import type { HurtfulSetting } from "../tailnet/settings.ts";
import type { TailnetStatus } from "../tailnet/status.ts";

/** What on this host stops working when a setting is switched off, in words; none when nothing was found. */
export async function dependentsOf(
  host: Host,
  { name }: HurtfulSetting,
  status: TailnetStatus,
): Promise<string[]> {
  if (name === "accept-routes") return throughSubnetRoute(host);
  if (name === "accept-dns") return throughMagicDns(host, status);
  return [];
}

/** Servers that the kernel reaches through the tunnel though they are no hosts of the tailnet. */
async function throughSubnetRoute(host: Host): Promise<string[]> {
  const servers = await readRemoteServers(host);
  const found = await Promise.all(
    servers.map(async (one) => {
      const address = await addressOf(host, one.server);
      if (address === undefined || inTailnetRange(address)) return [];
      const { stdout } = await host.run(["ip", "-json", "route", "get", address], { timeoutMs: 5_000 });
      const device = routeJson.safeParse(parseJson(stdout)).data?.[0]?.dev ?? "";
      return device.startsWith("tailscale") ? [words(one, `${address} is reached by a subnet route`)] : [];
    }),
  );
  return found.flat();
}

/** Servers whose names only MagicDNS knows. */
async function throughMagicDns(host: Host, { self, peers }: TailnetStatus): Promise<string[]> {
  const domain = self.dnsName.slice(self.dnsName.indexOf("."));
  const short = new Set(peers.map(({ name }) => name));
  const hosts = (await host.text("/etc/hosts")) ?? "";
  return (await readRemoteServers(host))
    .filter(({ server }) => !isIPv4(server) && (server.endsWith(domain) || short.has(server)))
    .filter(({ server }) => resolveIn(hosts, server).length === 0)
    .map((one) => words(one, "MagicDNS resolves that name"));
}

async function addressOf(host: Host, server: string): Promise<string | undefined> {
  if (isIPv4(server)) return server;
  const { stdout } = await host.run(["getent", "ahosts", server], { timeoutMs: 10_000 });
  return stdout.split(/\s+/).find(isIPv4);
}

function words({ what, server }: RemoteServer, why: string): string {
  return `${what} (${server}: ${why})`;
}

const routeJson = z.array(z.object({ dev: z.string().default("") }));
