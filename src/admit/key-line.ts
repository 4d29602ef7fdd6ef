/** A joiner's key, accepted for some minutes. */
export interface Grant {
  /** Eight hexadecimal digits: tells this line from all others. */
  readonly id: string;
  /** The joiner's tailnet address: the only one that the key is accepted from. */
  readonly address: string;
  /** Type and key, as authorized_keys has them. */
  readonly key: string;
  readonly until: Date;
}

/**
 * The line of authorized_keys. sshd itself stops accepting it (sshd(8), expiry-time), should nobody take it away. Its
 * comment has two words, since pvecm takes lines of one key and one word for the same, and would leave its own out.
 */
export function grantLine({ id, address, key, until }: Grant): string {
  const expiry = until.toISOString().replace(/[-:T]|\.\d+/g, "");
  return `from="${address}",expiry-time="${expiry}" ${key} ${mark(id)}`;
}

/** What a grant's line ends with. */
export function mark(id: string): string {
  return `tailmox admit-${id}`;
}

export function withLine(text: string, line: string): string {
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return `${before}${line}\n`;
}

/** Without the line of a grant; every other line stays byte for byte. */
export function withoutGrant(text: string, id: string): string {
  return keepLines(text, (line) => !line.endsWith(` ${mark(id)}`));
}

/** Without the lines of grants whose time is over: a power cut took away what would have removed them. */
export function withoutExpired(text: string, now: Date): string {
  return keepLines(text, (line) => {
    const [, expiry = ""] =
      /^from="[\d.]+",expiry-time="(\d{14})Z" .* tailmox admit-[0-9a-f]{8}$/.exec(line) ?? [];
    return expiry === "" || expiry > now.toISOString().replace(/[-:T]|\.\d+Z$/g, "");
  });
}

/** Whether another line than a grant accepts this key. */
export function hasOwnLine(text: string, key: string): boolean {
  return text.split("\n").some((line) => line.includes(key) && !/ tailmox admit-[0-9a-f]{8}$/.test(line));
}

function keepLines(text: string, keep: (line: string) => boolean): string {
  return text
    .split(/(?<=\n)/)
    .filter((line) => keep(line.replace(/\n$/, "")))
    .join("");
}
