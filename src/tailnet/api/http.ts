import { readFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { type Journal, noJournal } from "../../host/journal.ts";
import { parseJson } from "../../host/json.ts";
import { keepSecret } from "../../host/redact.ts";
import type { Credential } from "./credential.ts";
import { failureOf } from "./failure.ts";

/** One request to a control server's API. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** From the root: "/api/v2/tailnet/-/acl". */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The scope that an OAuth client needs for it: named when the server says 403. */
  readonly scope: string;
  /** Status codes that are answers and not failures, 2xx besides. */
  readonly expect?: readonly number[];
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Api {
  readonly url: string;
  /** Throws E_API_* with the scope named. */
  request(request: ApiRequest): Promise<ApiAnswer>;
  /** As `request`, with the answer parsed; throws E_API_ANSWER for another form. */
  json<T extends z.ZodType>(schema: T, request: ApiRequest): Promise<z.output<T>>;
}

export interface ApiOptions {
  /** Longest wait that a 429 may ask for, in ms. Default 30000. */
  readonly maxWaitMs?: number;
  /** Bound of each request, in ms. Default 20000. */
  readonly timeoutMs?: number;
  readonly tell?: (words: string) => void;
  /** Gets a line for every answer. */
  readonly journal?: Journal;
}

/**
 * Speaks to a control server. A 429 is waited out as its Retry-After asks, at most twice and no longer than
 * `maxWaitMs`; 5xx and broken connections are tried again only where that cannot do a thing twice (tailscale.md 4.2).
 * Throws E_API_PLAIN when the address would show the credential to others.
 */
export function openApi(url: string, credential: Credential, options: ApiOptions = {}): Api {
  const base = url.replace(/\/+$/, "");
  assertSafe(base);
  const { maxWaitMs = 30_000, timeoutMs = 20_000, tell = () => undefined, journal = noJournal } = options;
  let token = credential.kind === "token" ? credential.token : undefined;

  const send = async ({ method, path, headers, body }: Omit<ApiRequest, "scope">): Promise<ApiAnswer> => {
    const started = performance.now();
    try {
      const answer = await fetch(`${base}${path}`, {
        method,
        headers: { Accept: "application/json", ...headers },
        ...(body !== undefined && { body }),
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
        ...(await authorities()),
      });
      // Bytes, not text(): the policy's byte order mark is a part of it.
      const bytes = await answer.arrayBuffer();
      const ms = Math.round(performance.now() - started);
      journal.write({ event: "request", method, path, status: answer.status, ms });
      return { status: answer.status, headers: answer.headers, text: DECODER.decode(bytes) };
    } catch (cause) {
      throw unreachable(base, cause);
    }
  };

  const insist = async (request: Omit<ApiRequest, "scope">): Promise<ApiAnswer> => {
    const mayRepeat = request.method !== "POST";
    for (let attempt = 0; ; attempt++) {
      const answer = await send(request).catch((error: unknown) => {
        // Silence was waited for long enough the first time.
        if (mayRepeat && attempt < 2 && !isSilence(error)) return undefined;
        throw error;
      });
      if (answer?.status !== 429 && answer && (answer.status < 500 || !mayRepeat || attempt >= 2))
        return answer;
      const waitMs = waitOf(answer, attempt);
      if (answer?.status === 429 && (attempt >= 2 || waitMs > maxWaitMs)) throw busy(base, waitMs, maxWaitMs);
      tell(`${new URL(base).host} asks to wait ${(waitMs / 1000).toFixed(1)} s`);
      await Bun.sleep(waitMs);
    }
  };

  const authorize = async (): Promise<string> => {
    if (token !== undefined || credential.kind === "token") return token ?? "";
    const { clientId, clientSecret } = credential;
    const form = new URLSearchParams({
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: "client_credentials",
    });
    const answer = await insist({
      method: "POST",
      path: "/api/v2/oauth/token",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: form.toString(),
    });
    const parsed = tokenJson.safeParse(parseJson(answer.text));
    if (answer.status !== 200 || !parsed.success) throw failureOf(answer, "the OAuth client", base);
    token = parsed.data.access_token;
    keepSecret(token);
    return token;
  };

  const request: Api["request"] = async ({ scope, expect = [], ...rest }) => {
    for (let attempt = 0; ; attempt++) {
      const bearer = await authorize();
      const headers = { Authorization: `Bearer ${bearer}`, ...rest.headers };
      const answer = await insist({ ...rest, headers });
      if ((answer.status >= 200 && answer.status < 300) || expect.includes(answer.status)) return answer;
      // An OAuth token lives an hour: one that ended half way is replaced once.
      if (answer.status === 401 && credential.kind === "oauth" && attempt === 0) token = undefined;
      else throw failureOf(answer, scope, base);
    }
  };

  return {
    url: base,
    request,
    async json(schema, asked) {
      const answer = await request(asked);
      const parsed = schema.safeParse(parseJson(answer.text));
      if (parsed.success) return parsed.data;
      throw new UserError("E_API_ANSWER", `${asked.method} ${asked.path} was answered in another form`, {
        likely: `not the API of a control server, or a much newer one: ${answer.text.slice(0, 120)}`,
        mend: "look at --api-url",
      });
    },
  };
}

/** The host's own list of authorities: a control server at home often has one of its own. */
async function authorities(): Promise<{ tls?: { ca: string } }> {
  ownAuthorities ??= readFile("/etc/ssl/certs/ca-certificates.crt", "utf8").catch(() => "");
  const ca = await ownAuthorities;
  return ca === "" ? {} : { tls: { ca } };
}

let ownAuthorities: Promise<string> | undefined;

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

const tokenJson = z.object({ access_token: z.string().min(1) });

/** How long a 429 asks to wait, in seconds or as a date; without it, and for 5xx, 1, 2, 4 s with jitter. */
function waitOf(answer: ApiAnswer | undefined, attempt: number): number {
  const asked = answer?.headers.get("Retry-After") ?? "";
  if (/^\d+$/.test(asked)) return Number(asked) * 1_000;
  const date = Date.parse(asked);
  if (!Number.isNaN(date)) return Math.max(0, date - Date.now());
  return 1_000 * 2 ** attempt * (0.75 + Math.random() / 2);
}

function assertSafe(url: string): void {
  const { protocol, hostname } = parseUrl(url);
  const isPrivate =
    hostname === "localhost" ||
    hostname === "[::1]" ||
    (isIPv4(hostname) &&
      /^(?:127|10|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(
        hostname,
      ));
  if (protocol === "https:" || (protocol === "http:" && isPrivate)) return;
  throw new UserError("E_API_PLAIN", `${url} would carry the credential in the clear`, {
    likely: "plain http to an address that is not private",
    mend: "use https://, or a private address",
  });
}

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new UserError("E_USAGE", `"${url}" is not the address of an API`, {
      likely: "http:// or https:// is missing",
      mend: "--api-url https://api.tailscale.com",
      cause,
    });
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof UserError && isTimeout(error.cause);
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "TimeoutError";
}

function unreachable(base: string, cause: unknown): UserError {
  return new UserError("E_API_UNREACHABLE", `${base} does not answer`, {
    likely: isTimeout(cause)
      ? "silence until the time was over"
      : cause instanceof Error
        ? cause.message
        : String(cause),
    mend: "look whether this machine reaches it (name server, clock, proxy), and at --api-url",
    cause,
  });
}

function busy(base: string, waitMs: number, maxWaitMs: number): UserError {
  return new UserError(
    "E_API_BUSY",
    `${base} asks to wait ${Math.ceil(waitMs / 1000)} s before the next request`,
    {
      likely: `too many requests from this tailnet (429); tailmox waits at most ${maxWaitMs / 1000} s, twice`,
      mend: "run it again later; nothing was changed by this request",
    },
  );
}
