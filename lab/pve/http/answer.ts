import { type ServerResponse, STATUS_CODES } from "node:http";
import { PveError, textOf } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { atLeast } from "../node/release.ts";

/** What goes back to the caller. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** ms to wait before it is sent. */
  readonly delayMs: number;
}

/** Every 401 waits, against guessing (proxmox.md 5.1). */
const DELAY_401_MS = 3_000;

/** `{"data": ...}`. */
export function dataAnswer(data: unknown): Answer {
  return {
    status: 200,
    reason: "OK",
    headers: JSON_HEADERS,
    body: JSON.stringify({ data: data ?? null }),
    delayMs: 0,
  };
}

/** An error as proxmox.md 5.2 says; `withBody` false for credentials that were refused before the call. */
export function errorAnswer(node: PveNode, error: unknown, withBody: boolean): Answer {
  const status = error instanceof PveError ? error.status : 500;
  const text = textOf(error).trimEnd();
  const named = error instanceof PveError && error.errors ? { errors: error.errors } : {};
  // Before 5.2.0 only the reason phrase carried the text.
  const message = atLeast(node.release.httpServer, "5.2.0") ? { message: `${text}\n` } : {};
  return {
    status,
    reason: reasonPhrase(text, status),
    headers: withBody ? JSON_HEADERS : NO_CACHE,
    body: withBody ? JSON.stringify({ data: null, ...message, ...named }) : "",
    delayMs: status === 401 ? DELAY_401_MS : 0,
  };
}

/** The words of `RPCEnvironment init_request` while pmxcfs is down. */
export function initFailure(): PveError {
  return new PveError(
    "RPCEnvironment init request failed: Unable to load access control list: Connection refused",
  );
}

/** Sends an answer, after its delay. */
export async function send(response: ServerResponse, answer: Answer): Promise<void> {
  if (answer.delayMs > 0) await Bun.sleep(answer.delayMs);
  const length = String(Buffer.byteLength(answer.body));
  response.writeHead(answer.status, answer.reason, { ...answer.headers, "content-length": length });
  response.end(answer.body);
}

const NO_CACHE = { "cache-control": "max-age=0", pragma: "no-cache", server: "pve-api-daemon/3.0" };
const JSON_HEADERS = { ...NO_CACHE, "content-type": "application/json;charset=UTF-8" };

/** The first line of the text; characters that HTTP does not allow there are dropped. */
function reasonPhrase(text: string, status: number): string {
  const line = (text.split("\n")[0] ?? "").replace(/[^\x20-\x7e]/g, "");
  return line || (STATUS_CODES[status] ?? "error");
}
