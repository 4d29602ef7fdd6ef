import type { IncomingMessage } from "node:http";
import { z } from "zod";
import type { Credentials } from "../access/authenticate.ts";
import { PveError } from "../errors.ts";

/** Largest body that Proxmox takes (proxmox.md 5). */
const MAX_BODY = 512 * 1024;
export const API_ROOT = "/api2/json";

/** A request of the API, read to its end. */
export interface ApiRequest {
  readonly verb: string;
  /** Below /api2/json, decoded; `/` at least. */
  readonly path: string;
  readonly query: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly credentials: Credentials;
  /** Set by another member's proxy: do not send it on again. */
  readonly proxied: boolean;
}

export async function readApiRequest(message: IncomingMessage): Promise<ApiRequest> {
  const url = new URL(message.url ?? "/", "http://pve");
  const verb = message.method ?? "GET";
  const header = (name: string) => {
    const value = message.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
  return {
    verb,
    path: decode(url.pathname.slice(API_ROOT.length)).replace(/\/+$/, "") || "/",
    query: url.search,
    body: await readBody(message),
    contentType: header("content-type") ?? "",
    credentials: {
      method: verb,
      cookie: header("cookie"),
      authorization: header("authorization"),
      csrf: header("csrfpreventiontoken"),
    },
    proxied: header("pvedisableproxy") !== undefined,
  };
}

/** The parameters: of the query, or of a form or JSON body. */
export function paramsOf(request: ApiRequest): Record<string, unknown> {
  const query = fieldsOf(request.query);
  if (request.verb === "GET" || request.body.length === 0) return query;
  const text = request.body.toString("utf8");
  if (/^application\/json\b/i.test(request.contentType)) {
    try {
      return { ...query, ...z.record(z.string(), z.unknown()).parse(JSON.parse(text)) };
    } catch {
      throw new PveError("unable to decode JSON data", { status: 400 });
    }
  }
  return { ...query, ...fieldsOf(text) };
}

/** Fields of a form; one that is given several times is a list. */
function fieldsOf(text: string): Record<string, string | string[]> {
  const fields = new URLSearchParams(text);
  return Object.fromEntries(
    [...new Set(fields.keys())].map((key) => {
      const values = fields.getAll(key);
      return [key, values.length > 1 ? values : (values[0] ?? "")];
    }),
  );
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_BODY) throw new PveError("for data too large", { status: 501 });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
