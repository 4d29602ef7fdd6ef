import { answerDevices } from "./devices.ts";
import { answerKeys } from "./keys.ts";
import { answerOauth } from "./oauth.ts";
import { answerPolicy } from "./policy.ts";
import { refuse } from "./refuse.ts";
import { answerServices } from "./services.ts";
import type { TailnetState } from "./state.ts";

export interface ApiStandIn {
  readonly url: string;
  readonly state: TailnetState;
  stop(): Promise<void>;
}

/** One request as the parts of the stand-in see it, past login. */
export interface Asked {
  readonly method: string;
  /** What follows /api/v2/tailnet/-, or /api/v2 for devices; always with a slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
  /** undefined for the API token of a user. */
  readonly clientTags: readonly string[] | undefined;
  /** Answers 403 unless the credential has the scope. */
  need(scope: string): Response | undefined;
}

/**
 * Plays Tailscale's control API v2 on 127.0.0.1 as the vendor documents it (tailscale.md 4, 5), awkward truths
 * included: 200 for a policy that fails its validation, 404 for what the credential must not see, a key that is
 * shown once, Services that get a new address when theirs is not sent back.
 */
export function startApiStandIn(state: TailnetState): ApiStandIn {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => answer(request, state) });
  return {
    url: `http://127.0.0.1:${server.port}`,
    state,
    stop: () => server.stop(true),
  };
}

async function answer(request: Request, state: TailnetState): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const body = await request.text();
  state.requests.push({ method: request.method, path: pathname, ifMatch: request.headers.get("If-Match") });
  const trouble = state.trouble.shift();
  if (trouble?.status === "hang up") throw new Error("the stand-in hangs up");
  if (trouble?.status === 429) {
    const headers = trouble.retryAfter === undefined ? {} : { "Retry-After": trouble.retryAfter };
    return refuse(429, "rate limit exceeded", { headers });
  }
  // A gateway's own page is no JSON.
  if (trouble) return new Response("<html>bad gateway</html>", { status: trouble.status });
  if (pathname === "/api/v2/oauth/token") return answerOauth(body, state);

  const token = state.tokens.get(bearer(request.headers));
  if (!token || token.usesLeft <= 0) return refuse(401, "API token invalid");
  token.usesLeft -= 1;
  const path = pathname.replace(/^\/api\/v2(?:\/tailnet\/(?:-|example\.com))?/, "");
  const asked: Asked = {
    method: request.method,
    path,
    query: searchParams,
    headers: request.headers,
    body,
    clientTags: token.clientTags,
    need: (scope) =>
      hasScope(token.scopes, scope)
        ? undefined
        : refuse(403, "calling actor does not have enough permissions to perform this function"),
  };
  const part = PARTS.find(([start]) => path.startsWith(start))?.[1];
  return (await part?.(asked, state)) ?? refuse(404, "not found");
}

type Part = (asked: Asked, state: TailnetState) => Response | undefined | Promise<Response | undefined>;

const PARTS: readonly (readonly [string, Part])[] = [
  ["/acl", answerPolicy],
  ["/settings", ({ need }, { settings }) => need("feature_settings:read") ?? Response.json(settings)],
  ["/keys", answerKeys],
  ["/device", answerDevices],
  ["/services", answerServices],
];

/** Bearer, or Basic with the key as the user's name (tailscale.md 4.1). */
function bearer(headers: Headers): string {
  const [scheme, value = ""] = (headers.get("Authorization") ?? "").split(" ");
  if (scheme === "Bearer") return value;
  return scheme === "Basic" ? (atob(value).split(":")[0] ?? "") : "";
}

/** "all" has every scope; one without ":read" includes its reading. */
function hasScope(scopes: readonly string[], wanted: string): boolean {
  return ["all", wanted, wanted.replace(/:read$/, "")].some((scope) => scopes.includes(scope));
}
