import { type Prefix, parsePrefix } from "../policy/prefix.ts";

/** What of a firewall file decides who may reach a node's own services. Source: proxmox.md 14. */
export interface FirewallFile {
  /** undefined: the file does not say. */
  readonly enabled: boolean | undefined;
  readonly policyIn: "ACCEPT" | "DROP" | "REJECT" | undefined;
  /** The engine that its own drops hold against Tailscale's rules. */
  readonly nftables: boolean;
  /** Addresses and networks of the IP set `management`, with those of the alias `local_network`. */
  readonly management: readonly Prefix[];
  /** What the set takes out again, by a leading "!". */
  readonly excepted: readonly Prefix[];
}

/** Reads cluster.fw or host.fw; a line that is not understood lets nobody in. */
export function parseFirewall(text: string): FirewallFile {
  const sections = new Map<string, string[]>();
  let section = "";
  for (const raw of text.split("\n")) {
    const line = (raw.split("#")[0] ?? "").trim();
    const head = /^\[\s*(.+?)\s*\]$/.exec(line)?.[1]?.toLowerCase().replace(/\s+/, " ");
    if (head !== undefined) section = head;
    else if (line !== "") sections.set(section, [...(sections.get(section) ?? []), line]);
  }
  const options = sections.get("options") ?? [];
  const aliases = readAliases(sections.get("aliases") ?? []);
  const entries = (sections.get("ipset management") ?? []).map((entry) => readEntry(entry, aliases));
  const enable = option(options, "enable");
  return {
    enabled: enable === undefined ? undefined : enable !== "0",
    policyIn: POLICIES.find((policy) => policy === option(options, "policy_in")?.toUpperCase()),
    nftables: option(options, "nftables") === "1",
    // Proxmox adds it to the set by itself.
    management: [
      ...(aliases.get("local_network") ?? []),
      ...entries.flatMap(({ excepts, prefix }) => (excepts ? [] : prefix)),
    ],
    excepted: entries.flatMap(({ excepts, prefix }) => (excepts ? prefix : [])),
  };
}

const POLICIES = ["ACCEPT", "DROP", "REJECT"] as const;

function option(lines: readonly string[], name: string): string | undefined {
  const pattern = new RegExp(`^${name}:\\s*(\\S+)$`, "i");
  return lines.flatMap((line) => pattern.exec(line)?.[1] ?? []).at(-1);
}

/** Lines such as "lan 192.168.1.0/24"; names are compared in lower case. */
function readAliases(lines: readonly string[]): Map<string, readonly Prefix[]> {
  return new Map(
    lines.map((line) => {
      const [name = "", network = ""] = line.split(/\s+/);
      return [name.toLowerCase(), asList(parsePrefix(network))];
    }),
  );
}

/** An address, a network, or an alias: "lan", "dc/lan"; "!" before it takes it out. */
function readEntry(
  line: string,
  aliases: ReadonlyMap<string, readonly Prefix[]>,
): { excepts: boolean; prefix: readonly Prefix[] } {
  const [, mark = "", word = ""] = /^(!?)\s*(\S+)/.exec(line) ?? [];
  const alias = aliases.get(word.toLowerCase().replace(/^dc\//, ""));
  return { excepts: mark === "!", prefix: alias ?? asList(parsePrefix(word)) };
}

function asList(prefix: Prefix | undefined): readonly Prefix[] {
  return prefix ? [prefix] : [];
}
