import { rm } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import net from "node:net";

export interface TlsFront {
  /** From now on new connections meet this certificate; old ones run out. */
  present(certificate: { cert: string; key: string }): Promise<void>;
  listen(port: number, address: string): Promise<void>;
}

/**
 * A TLS port whose certificate can be changed while it listens, that closes the door to some clients without a
 * word, and that sends plain HTTP to https (proxmox.md 5 and 5.3). The runtime cannot change the certificate
 * of a listening server, so a plain front hands the bytes to one TLS server per certificate, by unix socket.
 */
export function tlsFront(handler: http.RequestListener, admits: (address: string) => boolean): TlsFront {
  let generation = 0;
  let current: { server: https.Server; path: string } | undefined;
  const plain = http.createServer(redirect);
  const front = net.createServer({ pauseOnConnect: true }, (client) => {
    client.on("error", () => client.destroy());
    if (!admits(client.remoteAddress ?? "") || !current) {
      client.destroy();
      return;
    }
    route(client, current.path, plainPath);
    client.resume();
  });
  const plainPath = `/run/pveproxy/plain-${process.pid}.sock`;
  return {
    async present(certificate) {
      const server = https.createServer(certificate, handler);
      const path = `/run/pveproxy/tls-${process.pid}-${generation++}.sock`;
      await listenOn(server, path);
      const old = current;
      current = { server, path };
      old?.server.close(() => void rm(old.path, { force: true }));
    },
    async listen(port, address) {
      await listenOn(plain, plainPath);
      await new Promise<void>((resolve, reject) =>
        front.once("error", reject).listen(port, address, resolve),
      );
    },
  };
}

/** How long a client may connect and say nothing. */
const SILENCE_MS = 15_000;

/** The first byte tells: 22 opens a TLS handshake. */
function route(client: net.Socket, tlsPath: string, plainPath: string): void {
  client.setTimeout(SILENCE_MS, () => client.destroy());
  client.once("data", (first) => {
    client.pause();
    client.setTimeout(0);
    const isTls = (typeof first === "string" ? first.charCodeAt(0) : first[0]) === 0x16;
    const inner = net.connect(isTls ? tlsPath : plainPath);
    inner.on("error", () => client.destroy());
    client.on("close", () => inner.destroy());
    inner.on("close", () => client.end());
    inner.once("connect", () => {
      inner.write(first);
      client.pipe(inner);
      inner.pipe(client);
      client.resume();
    });
  });
}

function redirect(message: http.IncomingMessage, response: http.ServerResponse): void {
  const host = message.headers.host ?? "localhost:8006";
  response.writeHead(301, "Moved Permanently", {
    location: `https://${host}${message.url ?? "/"}`,
    connection: "close",
  });
  response.end();
}

async function listenOn(server: net.Server | http.Server, path: string): Promise<void> {
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, () => resolve()));
}
