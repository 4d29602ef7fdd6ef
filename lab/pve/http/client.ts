import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { DetailedPeerCertificate, PeerCertificate } from "node:tls";
import { TLSSocket } from "node:tls";
import { errnoCode, errnoText } from "../errors.ts";
import { whyRefused } from "./why-refused.ts";

export interface HttpRequest {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Looks at the server's certificate before anything is sent; what it throws ends the call. */
  readonly verify?: (peer: Peer) => Promise<void> | void;
  /** For the connection and TLS, ms. */
  readonly connectTimeoutMs?: number;
  /** For the answer, ms. */
  readonly timeoutMs?: number;
}

export interface Peer {
  /** SHA-256 over the leaf certificate, `AA:BB:...`. */
  readonly fingerprint: string;
  readonly certificate: PeerCertificate | DetailedPeerCertificate;
  /** true when the system's authorities vouch for it (host name not looked at). */
  readonly trusted: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** The reason phrase, which carries Proxmox's error text. */
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The call failed on the way: `connect` before the server's answer could be awaited, `read` after. */
export class ConnectionFailure extends Error {
  readonly stage: "connect" | "read";
  constructor(text: string, stage: "connect" | "read") {
    super(text);
    this.stage = stage;
  }
}

/** One HTTP call on a connection of its own. Throws ConnectionFailure, or what `verify` throws. */
export async function httpCall(call: HttpRequest): Promise<HttpResponse> {
  return await new Promise((resolve, reject) => {
    let stage: "connect" | "read" = "connect";
    const fail = (error: unknown) => {
      clearTimeout(timer);
      request.destroy();
      reject(error);
    };
    const timedOut = () => fail(new ConnectionFailure("Connection timed out", stage));
    let timer = setTimeout(timedOut, call.connectTimeoutMs ?? 30_000);
    const options = {
      host: call.host,
      port: call.port,
      method: call.method,
      path: call.path,
      headers: { connection: "close", ...call.headers },
      agent: false,
    } as const;
    const request = call.tls
      ? https.request({
          ...options,
          rejectUnauthorized: false,
          ...(systemAuthorities && { ca: systemAuthorities }),
        })
      : http.request(options);
    const send = () => {
      stage = "read";
      clearTimeout(timer);
      timer = setTimeout(timedOut, call.timeoutMs ?? 60_000);
      request.end(call.body);
    };
    request.on("socket", (socket) => {
      if (!(socket instanceof TLSSocket)) return send();
      socket.once("secureConnect", () => {
        // A question to a person may be asked in `verify`: that time is not the connection's.
        clearTimeout(timer);
        Promise.resolve(call.verify?.(peerOf(socket))).then(send, fail);
      });
    });
    request.on("error", (error) => {
      if (errnoCode(error) === "ECONNREFUSED") {
        whyRefused(call.host, call.port).then((why) => fail(new ConnectionFailure(why, "connect")), fail);
        return;
      }
      const known = errnoCode(error) !== "" && !errnoCode(error).startsWith("ERR_");
      fail(new ConnectionFailure(known ? errnoText(error) : error.message, stage));
    });
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? "",
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value ?? "")]),
          ),
          body: Buffer.concat(chunks),
        });
      });
    });
  });
}

function peerOf(socket: TLSSocket): Peer {
  const certificate = socket.getPeerCertificate();
  const error = socket.authorizationError ? String(socket.authorizationError) : "";
  return {
    certificate,
    fingerprint: certificate.fingerprint256 ?? "",
    trusted: socket.authorized || error.includes("ALTNAME"),
  };
}

const systemAuthorities = (() => {
  try {
    return readFileSync("/etc/ssl/certs/ca-certificates.crt", "utf8");
  } catch {
    return undefined;
  }
})();
