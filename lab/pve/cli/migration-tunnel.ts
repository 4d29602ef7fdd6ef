import { BlockList, isIPv6 } from "node:net";
import { PveError } from "../errors.ts";
import { localAddresses } from "../node/addresses.ts";
import { readText } from "../node/files.ts";
import { openNode } from "../node/pve-node.ts";
import { parsePropertyString } from "../params/property-string.ts";
import type { Command } from "./program.ts";
import { say } from "./say.ts";

/** `pvecm mtunnel -get_migration_ip`: which address of this node migrations use (proxmox.md 1). */
export const migrationTunnel: Command = {
  args: [],
  params: {
    get_migration_ip: { type: "boolean", optional: true },
    migration_network: { type: "string", format: "CIDR", optional: true },
  },
  run: async (params) => {
    if (!params.get_migration_ip)
      throw new PveError("missing argument: only -get_migration_ip is answered here");
    const network = params.migration_network ?? (await configuredNetwork());
    const address = network === undefined ? undefined : await addressIn(String(network));
    say(address === undefined ? "no" : `ip: '${address}'`);
    return 0;
  },
};

async function configuredNetwork(): Promise<string | undefined> {
  const text = (await readText(await openNode(), "/etc/pve/datacenter.cfg")) ?? "";
  return parsePropertyString(/^migration:\s*(.*)$/m.exec(text)?.[1] ?? "", "type").network;
}

async function addressIn(cidr: string): Promise<string> {
  const [network = "", bits = "32"] = cidr.split("/");
  const list = new BlockList();
  list.addSubnet(network, Number(bits), isIPv6(network) ? "ipv6" : "ipv4");
  const found = (await localAddresses()).filter(({ address }) =>
    list.check(address, isIPv6(address) ? "ipv6" : "ipv4"),
  );
  const [first, ...others] = new Set(found.map(({ address }) => address));
  const failed = "could not get migration ip: ";
  if (first === undefined)
    throw new PveError(`${failed}no IP address configured on local node for network '${cidr}'`);
  if (others.length > 0) {
    throw new PveError(`${failed}multiple, different, IP address configured for network '${cidr}'`);
  }
  return first;
}
