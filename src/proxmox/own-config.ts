import type { Reader } from "../host/host.ts";

/**
 * What this host alone has in /etc/pve and a join replaces, by name, a line for each kind; none when it is as
 * installed. Source: proxmox.md 2.1, 4.3.
 */
export async function readOwnConfig(reader: Reader): Promise<string[]> {
  const pve = async (path: string) => (await reader.text(`/etc/pve/${path}`).catch(() => undefined)) ?? "";
  const [storages, users, jobs, resources, firewall, replication] = await Promise.all(
    ["storage.cfg", "user.cfg", "jobs.cfg", "ha/resources.cfg", "firewall/cluster.fw", "replication.cfg"].map(
      pve,
    ),
  );
  const [accounts, secrets, second] = await Promise.all([
    reader.list("/etc/pve/priv/acme"),
    reader.list("/etc/pve/priv/storage"),
    pve("priv/tfa.cfg"),
  ]);
  return [
    ...line(
      "storages",
      sections(storages ?? "").filter((name) => name !== '"local" (dir)'),
    ),
    ...line(
      "users",
      userLines(users ?? "", "user").filter((name) => name !== "root@pam"),
    ),
    ...line("API tokens", userLines(users ?? "", "token")),
    ...line(
      "groups, roles and pools",
      ["group", "role", "pool"].flatMap((kind) => userLines(users ?? "", kind)),
    ),
    ...line("ACME accounts", accounts),
    ...line("passwords and keys of storages", secrets),
    ...line("jobs", [...sections(jobs ?? ""), ...sections(replication ?? "")]),
    ...line("HA resources", sections(resources ?? "")),
    ...(firewall?.trim() ? ["the datacenter's firewall rules"] : []),
    ...(second.trim() ? ["second factors of users"] : []),
  ];
}

/** Names in Proxmox's section files: lines such as "nfs: nas". */
export function sections(text: string): string[] {
  return [...text.matchAll(/^([\w-]+):[ \t]+(\S+)[ \t]*$/gm)].map(([, type, name]) => `"${name}" (${type})`);
}

/** Names of one kind in user.cfg: lines such as "token:root@pam!backup:0:1::". */
export function userLines(text: string, kind: string): string[] {
  return text.split("\n").flatMap((each) => {
    const [first, name] = each.split(":");
    return first === kind && name ? [name] : [];
  });
}

function line(kind: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${kind}: ${names.join(", ")}`];
}
