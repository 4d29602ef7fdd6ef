import { z } from "zod";
import { parseJson } from "../host/json.ts";
import { keepSecret } from "../host/redact.ts";
import type { PinnedServer } from "./pinned-server.ts";

export type Login =
  | { readonly kind: "ok"; readonly session: Session }
  | { readonly kind: "refused"; readonly words: string }
  | { readonly kind: "second factor" }
  | { readonly kind: "failed"; readonly words: string };

export interface Session {
  /** GET of a path below /api2/json; throws RestError when the answer is not 200. */
  get(path: string): Promise<unknown>;
  /** DELETE; throws RestError when the answer is not 200. */
  delete(path: string): Promise<void>;
}

/** An answer other than 200, in the server's words. */
export class RestError extends Error {
  override readonly name = "RestError";
}

/**
 * Logs in as root@pam. The password travels only to a server that proves to hold the pinned certificate.
 * Source of the answers: proxmox.md 5.1; a refusal takes 3 s.
 */
export async function login(server: PinnedServer, password: string): Promise<Login> {
  keepSecret(password);
  const body = new URLSearchParams({ username: "root@pam", password }).toString();
  const answer = await request(server, "POST", "/access/ticket", { body }).catch(asFailure);
  if (answer instanceof Error) return { kind: "failed", words: answer.message };
  if (answer.status === 401) return { kind: "refused", words: answer.words };
  const parsed = ticketJson.safeParse(parseJson(answer.text));
  if (answer.status !== 200 || !parsed.success) return { kind: "failed", words: answer.words };
  const { ticket, NeedTFA, CSRFPreventionToken } = parsed.data.data;
  if (NeedTFA === 1) return { kind: "second factor" };
  keepSecret(ticket);
  return { kind: "ok", session: openSession(server, ticket, CSRFPreventionToken ?? "") };
}

/** `csrf` goes with everything but GET (proxmox.md 5.1). */
function openSession(server: PinnedServer, ticket: string, csrf: string): Session {
  const cookie = `PVEAuthCookie=${encodeURIComponent(ticket)}`;
  const ask = async (method: "GET" | "DELETE", path: string, login: Parameters<typeof request>[3]) => {
    const answer = await request(server, method, path, login);
    if (answer.status !== 200) throw new RestError(`${method} ${path}: ${answer.status} ${answer.words}`);
    return dataJson.parse(parseJson(answer.text)).data;
  };
  return {
    get: (path) => ask("GET", path, { cookie }),
    delete: async (path) => {
      await ask("DELETE", path, { cookie, csrf });
    },
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  /** The error's text: in the body since http-server 5.2.0, in the reason phrase before (proxmox.md 5.2). */
  readonly words: string;
}

async function request(
  server: PinnedServer,
  method: "GET" | "POST" | "DELETE",
  path: string,
  { body, cookie, csrf }: { body?: string; cookie?: string; csrf?: string },
): Promise<Answer> {
  const response = await fetch(`https://${server.address}:8006/api2/json${path}`, {
    method,
    redirect: "error",
    signal: AbortSignal.timeout(15_000),
    headers: {
      ...(body !== undefined && { "Content-Type": "application/x-www-form-urlencoded" }),
      ...(cookie !== undefined && { Cookie: cookie }),
      ...(csrf !== undefined && { CSRFPreventionToken: csrf }),
    },
    ...(body !== undefined && { body }),
    tls: pinnedTo(server),
  });
  const text = await response.text();
  const message = messageJson.safeParse(parseJson(text));
  const words = (message.success ? message.data.message : undefined) ?? response.statusText;
  return { status: response.status, text, words: words.trim() };
}

/**
 * The certificate itself is the only trust anchor: the handshake fails, before anything is sent, for a server
 * without its key. Turning verification off and comparing in checkServerIdentity would not do: Bun does not
 * call it then, and sends the request (tried with 1.4.5).
 */
function pinnedTo({ certificate }: PinnedServer) {
  return { ca: certificate, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
}

function asFailure(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

const ticketJson = z.object({
  data: z.object({
    ticket: z.string(),
    CSRFPreventionToken: z.string().optional(),
    NeedTFA: z.number().optional(),
  }),
});
const dataJson = z.object({ data: z.unknown() });
const messageJson = z.object({ message: z.string().optional() });
