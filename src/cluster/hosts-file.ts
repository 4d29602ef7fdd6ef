/** A name and the address it must resolve to. */
export interface HostsEntry {
  readonly address: string;
  /** The short name. */
  readonly name: string;
  /** Its name in the tailnet: stands first where the file knew no fully qualified name. */
  readonly dnsName: string;
}

/**
 * The text of /etc/hosts in which each of these names resolves to its address and to no other: a block of our
 * own at the end, and the names taken out of every line that says otherwise. The first LAN address that a
 * name loses stays reachable as NAME.lan. All other lines stay byte for byte.
 * Why the LAN line must go and not only be preceded: proxmox.md 1, "replace, do not add a second line".
 */
export function editHosts(text: string, entries: readonly HostsEntry[]): string {
  const { foreign, block } = split(text);
  const qualified = new Map<string, string>();
  for (const [name, fqdn] of qualifiedNames(block)) qualified.set(name, fqdn);
  let lines = foreign;
  for (const entry of entries) {
    const taken = takeOut(lines, entry);
    lines = taken.lines;
    const [first] = taken.qualified;
    if (first !== undefined) qualified.set(entry.name.toLowerCase(), first);
  }
  const ending = text.includes("\r\n") ? "\r\n" : "\n";
  const own = entries.map((entry) => {
    const fqdn = qualified.get(entry.name.toLowerCase()) ?? entry.dnsName;
    return [entry.address, fqdn, entry.name].filter((word) => word !== "").join(" ");
  });
  const body = lines.join("");
  const gap = body === "" || body.endsWith("\n") ? "" : ending;
  return `${body}${gap}${[BEGIN, ...own, END].map((line) => line + ending).join("")}`;
}

/** The addresses that the file gives a name, in order; loopback ones left out as pmxcfs leaves them out. */
export function resolveIn(text: string, name: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const { address, names } = parseLine(line);
    const loopback = address === undefined || address.startsWith("127.") || address === "::1";
    return !loopback && names.some((other) => same(other, name)) ? [address] : [];
  });
}

/** The names in the block of our own; undefined when there is none. */
export function readBlock(text: string): HostsEntry[] | undefined {
  const { block } = split(text);
  if (block.length === 0) return undefined;
  return block.flatMap((line) => {
    const { address, names } = parseLine(line);
    const name = names.at(-1);
    return address === undefined || name === undefined ? [] : [{ address, name, dnsName: names[0] ?? name }];
  });
}

/** The text without the block of our own; every other line stays. */
export function withoutBlock(text: string): string {
  return split(text).foreign.join("");
}

const BEGIN = "# BEGIN tailmox: addresses in the tailnet. tailmox rewrites these lines.";
const END = "# END tailmox";

/** Lines with their endings: those of others, and those between our marks. */
function split(text: string): { foreign: string[]; block: string[] } {
  const lines = text.match(/[^\n]*\n|[^\n]+/g) ?? [];
  const begin = lines.findIndex((line) => line.startsWith("# BEGIN tailmox"));
  const length = begin < 0 ? -1 : lines.slice(begin).findIndex((line) => line.startsWith(END));
  // A block without its end mark is not ours to cut: nobody knows where it ends.
  if (length < 0) return { foreign: lines.filter((line) => !line.startsWith("# BEGIN tailmox")), block: [] };
  const foreign = [...lines.slice(0, begin), ...lines.slice(begin + length + 1)];
  return { foreign, block: lines.slice(begin + 1, begin + length) };
}

function qualifiedNames(block: readonly string[]): [string, string][] {
  return block.flatMap((line) => {
    const [fqdn, name] = parseLine(line).names;
    return fqdn !== undefined && name !== undefined ? [[name.toLowerCase(), fqdn]] : [];
  });
}

/** Takes a name, and every fully qualified form of it, out of the lines that give it another address. */
function takeOut(lines: readonly string[], entry: HostsEntry): { lines: string[]; qualified: string[] } {
  const lan = `${entry.name}.lan`;
  const qualified: string[] = [];
  let lanIsTaken = lines.some((line) => parseLine(line).names.some((name) => same(name, lan)));
  const left = lines.flatMap((line) => {
    const { address, names } = parseLine(line);
    if (address === undefined || address === entry.address) return [line];
    const gone = names.filter((name) => belongsTo(name, entry.name) && !same(name, lan));
    if (gone.length === 0) return [line];
    qualified.push(...gone.filter((name) => name.includes(".")));
    const keepsLan = !lanIsTaken && /^\d/.test(address) && !address.startsWith("127.");
    lanIsTaken ||= keepsLan;
    const others = names.filter((name) => !gone.includes(name));
    const kept = keepsLan ? [lan, ...others] : others;
    return kept.length === 0 ? [] : [withNames(line, kept)];
  });
  return { lines: left, qualified };
}

/** pve1 and pve1.example.lan, but not pve10 and not www.pve1. */
function belongsTo(name: string, short: string): boolean {
  return same(name, short) || name.toLowerCase().startsWith(`${short.toLowerCase()}.`);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function parseLine(line: string): { address: string | undefined; names: string[] } {
  const [address, ...names] = (line.split("#")[0] ?? "").split(/\s+/).filter(Boolean);
  return { address, names };
}

/** The line with other names; its address, first gap, comment and ending stay as they are. */
function withNames(line: string, names: readonly string[]): string {
  const match = /^(\s*\S+\s+)([^#\r\n]*?)(\s*(?:#[^\r\n]*)?)(\r?\n?)$/.exec(line);
  const [, head = "", , comment = "", ending = ""] = match ?? [];
  return `${head}${names.join(" ")}${comment}${ending}`;
}
