import { PveError } from "../errors.ts";
import { remoteNodeAddress } from "../node/addresses.ts";
import { readMembers } from "../node/members.ts";
import type { PveNode } from "../node/pve-node.ts";
import { servedFingerprint } from "../node/served-certificate.ts";
import type { Answer } from "./answer.ts";
import type { Forward } from "./api-service.ts";
import { ConnectionFailure, type HttpRequest, type HttpResponse, httpCall } from "./client.ts";
import { API_ROOT, type ApiRequest } from "./request.ts";

/**
 * Sends calls to pvedaemon, or to the member they name: https to its address, its certificate pinned by the
 * files in /etc/pve. 595 for a connection that fails, 596 for TLS and reading (proxmox.md 5.2).
 */
export function forwarder(node: PveNode): Forward {
  return async (request, { node: target }) => {
    const remote = target !== undefined && target !== node.name && target !== "localhost";
    if (remote && request.proxied) throw new PveError("proxy loop detected");
    const place = remote ? await memberPlace(node, target) : DAEMON;
    return passedOn(await callOn({ ...place, ...wire(request, remote) }));
  };
}

const DAEMON = { tls: false, host: "127.0.0.1", port: 85 } as const;

async function memberPlace(
  node: PveNode,
  name: string,
): Promise<Pick<HttpRequest, "tls" | "host" | "port" | "verify">> {
  const host = await remoteNodeAddress(node, name);
  return {
    tls: true,
    host,
    port: 8006,
    verify: async (peer) => {
      const members = Object.keys((await readMembers(node)).nodelist ?? {});
      const known = await Promise.all(members.map((each) => servedFingerprint(node, each).catch(() => "")));
      if (!known.includes(peer.fingerprint)) {
        throw new PveError("tls_process_server_certificate: certificate verify failed", { status: 596 });
      }
    },
  };
}

function wire(
  request: ApiRequest,
  remote: boolean,
): Pick<HttpRequest, "method" | "path" | "headers" | "body"> {
  const { cookie, authorization, csrf } = request.credentials;
  return {
    method: request.verb,
    path: `${API_ROOT}${encodeURI(request.path)}${request.query}`,
    headers: {
      ...(cookie !== undefined && { cookie }),
      ...(authorization !== undefined && { authorization }),
      ...(csrf !== undefined && { CSRFPreventionToken: csrf }),
      ...(request.contentType && { "content-type": request.contentType }),
      ...(remote && { PVEDisableProxy: "true" }),
    },
    body: request.body,
  };
}

async function callOn(call: HttpRequest): Promise<HttpResponse> {
  try {
    return await httpCall({ ...call, connectTimeoutMs: 30_000, timeoutMs: 120_000 });
  } catch (error) {
    if (!(error instanceof ConnectionFailure)) throw error;
    throw new PveError(error.message, { status: error.stage === "connect" ? 595 : 596 });
  }
}

/** As it came: a 401 has been delayed where it was made. */
function passedOn(response: HttpResponse): Answer {
  const { "content-type": contentType } = response.headers;
  return {
    status: response.status,
    reason: response.reason,
    headers: {
      server: "pve-api-daemon/3.0",
      ...(contentType !== undefined && { "content-type": contentType }),
    },
    body: response.body,
    delayMs: 0,
  };
}
