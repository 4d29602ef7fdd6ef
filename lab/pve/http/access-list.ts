import { BlockList, isIP, isIPv6 } from "node:net";

/** Who may talk to pveproxy: ALLOW_FROM, DENY_FROM and POLICY of /etc/default/pveproxy (proxmox.md 5.3). */
export interface AccessList {
  admits(address: string): boolean;
}

/** An address in both lists, or in none, goes by the policy, which is `allow` unless said otherwise. */
export function accessList(values: Readonly<Record<string, string>>): AccessList {
  const allow = matcher(values.ALLOW_FROM);
  const deny = matcher(values.DENY_FROM);
  const byPolicy = (values.POLICY ?? "allow") !== "deny";
  return {
    admits(address) {
      const plain = address.replace(/^::ffff:/, "");
      const [allowed, denied] = [allow(plain), deny(plain)];
      return allowed === denied ? byPolicy : allowed;
    },
  };
}

function matcher(text: string | undefined): (address: string) => boolean {
  const entries = (text ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
  if (entries.includes("all")) return () => true;
  const list = new BlockList();
  for (const entry of entries) addEntry(list, entry);
  return (address) => list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** `10.0.0.1-10.0.0.5`, `192.168.0.0/22` or a single address. */
function addEntry(list: BlockList, entry: string): void {
  const [first = "", last] = entry.split("-");
  const [network = "", bits] = entry.split("/");
  const family = isIPv6(bits === undefined ? first : network) ? "ipv6" : "ipv4";
  if (last !== undefined && isIP(first) && isIP(last)) list.addRange(first, last, family);
  else if (bits !== undefined && isIP(network)) list.addSubnet(network, Number(bits), family);
  else if (isIP(entry)) list.addAddress(entry, family);
}
