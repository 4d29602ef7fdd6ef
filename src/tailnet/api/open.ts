import type { ControlPlane } from "./control-plane.ts";
import type { Credential } from "./credential.ts";
import { headscaleControl } from "./headscale.ts";
import { hostedControl } from "./hosted.ts";
import { type ApiOptions, openApi } from "./http.ts";

/** Where Tailscale's own API is. */
export const HOSTED_API = "https://api.tailscale.com";

/**
 * Opens the API of a control server, and finds out which it is by asking for what only headscale answers without
 * a key. Throws E_API_UNREACHABLE, E_API_PLAIN.
 */
export async function openControlPlane(
  url: string,
  credential: Credential,
  options: ApiOptions = {},
): Promise<ControlPlane> {
  const api = openApi(url, credential, options);
  return (await isHeadscale(api.url)) ? headscaleControl(api) : hostedControl(api);
}

/** headscale has a page of its health at the root; the hosted service has not. No credential is sent. */
async function isHeadscale(base: string): Promise<boolean> {
  if (base === HOSTED_API) return false;
  const answer = await fetch(`${base}/health`, {
    signal: AbortSignal.timeout(10_000),
    redirect: "error",
  }).catch(() => undefined);
  const text = await answer?.text().catch(() => "");
  return answer?.ok === true && /"status"\s*:\s*"pass"/.test(text ?? "");
}
