/** One section of a VM's configuration: keys as written; `description` is the text of its `#` lines. */
export type Section = Readonly<Record<string, string>>;

/** A VM's configuration file, /etc/pve/nodes/NODE/qemu-server/VMID.conf. */
export interface VmConfig {
  readonly current: Section;
  /** What the running VM takes over when it is switched off and on. */
  readonly pending: Section;
  readonly snapshots: Readonly<Record<string, Section>>;
}

export const EMPTY_CONFIG: VmConfig = { current: {}, pending: {}, snapshots: {} };

/** Reads the file's text: `key: value` lines, `#` lines as description, sections `[PENDING]` and `[snapshot]`. */
export function parseVmConfig(text: string): VmConfig {
  const [main = "", ...rest] = text.split(/^(?=\[[^\]\n]*\]\s*$)/m);
  const first = main.startsWith("[") ? "" : main;
  const sections = (main.startsWith("[") ? [main, ...rest] : rest).map((part): [string, Section] => {
    const [, name = ""] = /^\[([^\]]*)\]/.exec(part) ?? [];
    return [name, parseSection(part.replace(/^.*\n?/, ""))];
  });
  const isPending = ([name]: [string, Section]) => name.toLowerCase() === "pending";
  return {
    current: parseSection(first),
    pending: sections.find(isPending)?.[1] ?? {},
    snapshots: Object.fromEntries(sections.filter((each) => !isPending(each) && !each[0].includes(":"))),
  };
}

/** The file's text: description first, keys in order, snapshots in order of their names. */
export function formatVmConfig({ current, pending, snapshots }: VmConfig): string {
  const parts = [formatSection(current)];
  if (Object.keys(pending).length > 0) parts.push(`[PENDING]\n${formatSection(pending)}`);
  for (const [name, section] of byName(snapshots)) parts.push(`[${name}]\n${formatSection(section)}`);
  return parts.join("\n");
}

/** Text as it stands in a `#` line and in the output of `qm config`: a colon is %3A, all that is no plain ASCII too. */
export function encodeText(text: string): string {
  return [...Buffer.from(text, "utf8")]
    .map((byte) =>
      byte < 0x20 || byte === 0x3a || byte > 0x7e
        ? `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
        : String.fromCharCode(byte),
    )
    .join("");
}

/** A section without the keys named. */
export function without(section: Section, ...keys: readonly string[]): Section {
  return Object.fromEntries(Object.entries(section).filter(([key]) => !keys.includes(key)));
}

function parseSection(text: string): Section {
  const found: Record<string, string> = {};
  const description: string[] = [];
  for (const line of text.split("\n")) {
    const comment = /^#(.*)$/.exec(line)?.[1];
    if (comment !== undefined) description.push(decodeText(comment));
    const [, key, value] = /^([a-z][a-z0-9_-]*):\s*(.+?)\s*$/.exec(line) ?? [];
    if (key === "description" && value !== undefined) description.push(decodeText(value));
    else if (key !== undefined && value !== undefined) found[key] = value;
  }
  const whole = description.join("\n").trimEnd();
  return whole === "" ? found : { ...found, description: whole };
}

function formatSection(section: Section): string {
  const { description, ...values } = section;
  const comment = description ? description.split("\n").map((line) => `#${encodeText(line)}\n`) : [];
  return [...comment, ...byName(values).map(([key, value]) => `${key}: ${value}\n`)].join("");
}

function byName<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function decodeText(text: string): string {
  const bytes = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
