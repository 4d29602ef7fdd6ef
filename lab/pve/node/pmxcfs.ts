import { z } from "zod";
import { PveError } from "../errors.ts";

const SOCKET = "/run/lab-pmxcfs.sock";

const values = z.record(z.string(), z.record(z.string(), z.string()));
/** What the members broadcast: node name -> key -> value. */
export type KeyValues = z.infer<typeof values>;

/**
 * The side door of the cluster file system, for what Proxmox's programs ask pmxcfs by libqb's IPC:
 * HTTP over a unix socket.
 */
export class Pmxcfs {
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Throws as every Perl tool of Proxmox does while pmxcfs is down (proxmox.md 0, rule D's end). */
  async assertUp(): Promise<void> {
    if (!(await this.answers())) throw refused();
  }

  /** true when pmxcfs answers; it refuses for a while after each start (proxmox.md 15.8). */
  async answers(): Promise<boolean> {
    return (await this.ask("/ping", { method: "GET" }, 5_000).catch(() => undefined))?.ok ?? false;
  }

  /** Publishes a value of this node to all members. */
  async publish(key: string, value: string): Promise<void> {
    await this.must(`/kv/${encodeURIComponent(key)}`, { method: "PUT", body: value });
  }

  /** All members' published values. */
  async values(): Promise<KeyValues> {
    return values.parse(await (await this.must("/kv", { method: "GET" })).json());
  }

  /** Adds a line to the cluster's log, priority `notice`; nothing depends on it. */
  async log(msg: string): Promise<void> {
    const body = JSON.stringify({ pri: 5, tag: "pvecm", pid: process.pid, user: "root@pam", msg });
    await this.ask("/log", { method: "POST", body }, 10_000).catch(() => undefined);
  }

  private async must(path: string, init: RequestInit): Promise<Response> {
    const response = await this.ask(path, init, 30_000).catch(() => undefined);
    if (!response) throw refused();
    if (!response.ok) throw new PveError(`ipcc_send_rec failed: ${await response.text()}`);
    return response;
  }

  private ask(path: string, init: RequestInit, timeoutMs: number): Promise<Response> {
    return fetch(`http://pmxcfs${path}`, {
      ...init,
      unix: `${this.root}${SOCKET}`,
      signal: AbortSignal.timeout(timeoutMs),
    });
  }
}

function refused(): PveError {
  return new PveError(
    [
      "ipcc_send_rec[1] failed: Connection refused",
      "ipcc_send_rec[2] failed: Connection refused",
      "ipcc_send_rec[3] failed: Connection refused",
      "Unable to load access control list: Connection refused",
    ].join("\n"),
    { exitCode: 111 },
  );
}
