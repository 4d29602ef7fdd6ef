/** What a task's identifier says (proxmox.md 5.5). */
export interface Upid {
  readonly upid: string;
  readonly node: string;
  readonly pid: number;
  /** Start of the process in clock ticks since boot. */
  readonly pstart: number;
  /** Epoch seconds. */
  readonly starttime: number;
  readonly type: string;
  readonly id: string;
  readonly user: string;
}

/** Takes an identifier apart; undefined when it is none. */
export function parseUpid(text: string): Upid | undefined {
  const match = UPID.exec(text);
  if (!match) return undefined;
  const [upid, node = "", pid = "", pstart = "", starttime = "", type = "", id = "", user = ""] = match;
  return {
    upid,
    node,
    pid: Number.parseInt(pid, 16),
    pstart: Number.parseInt(pstart, 16),
    starttime: Number.parseInt(starttime, 16),
    type,
    id: decodeId(id),
    user,
  };
}

/** `UPID:node:pid:pstart:starttime:type:id:user:`, numbers in capital hex of at least 8 digits. */
export function formatUpid(parts: Omit<Upid, "upid">): string {
  const fields = [
    parts.node,
    hex(parts.pid),
    hex(parts.pstart),
    hex(parts.starttime),
    parts.type,
    encodeId(parts.id),
    parts.user,
  ];
  return `UPID:${fields.join(":")}:`;
}

const UPID =
  /^UPID:([a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?):([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8}):([^:\s]+):([^:\s]*):([^:\s]+):$/;

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, "0");
}

/** Colons and the like would break the fields: `\x3a`, as systemd escapes. */
function encodeId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_.@/-]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function decodeId(id: string): string {
  return id.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
