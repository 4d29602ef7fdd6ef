import type { TailnetState } from "./state.ts";

/** RFC 6749 client credentials; a token lives an hour (tailscale.md 4.1). */
export function answerOauth(body: string, state: TailnetState): Response {
  const form = new URLSearchParams(body);
  if (form.get("grant_type") !== "client_credentials") return failed("unsupported_grant_type");
  const client = state.clients.get(form.get("client_id") ?? "");
  if (!client || client.secret !== form.get("client_secret")) return failed("invalid_client", 401);
  const token = `tskey-oauth-${crypto.randomUUID()}`;
  state.tokens.set(token, {
    scopes: client.scopes,
    clientTags: client.tags,
    usesLeft: Number.POSITIVE_INFINITY,
  });
  return Response.json({
    access_token: token,
    token_type: "Bearer",
    expires_in: 3600,
    scope: client.scopes.join(" "),
  });
}

function failed(error: string, status = 400): Response {
  return Response.json({ error, error_description: "see RFC 6749" }, { status });
}
