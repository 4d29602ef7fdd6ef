import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ACME_NAME, VENDOR_NAME } from "./addresses.ts";

const vendorServerSettings = z.object({
  address: z.string(),
  /** Directory that is served as the vendor's root. */
  repository: z.string(),
  certificate: z.string(),
  key: z.string(),
  /** With pebble behind Let's Encrypt's name: what to trust it by, and where to leave its root certificate. */
  acme: z.object({ authority: z.string(), rootFile: z.string() }).optional(),
});
export type VendorServerSettings = z.infer<typeof vendorServerSettings>;

/** The lab's web server: the vendor's package repository, and Let's Encrypt, each under its own name. */
async function serve(settingsFile: string): Promise<void> {
  const settings = vendorServerSettings.parse(JSON.parse(await readFile(settingsFile, "utf8")));
  const { address, repository, acme } = settings;
  const authority = acme && (await readFile(acme.authority, "utf8"));
  if (acme && authority) await keepAcmeRoot(authority, acme.rootFile);
  Bun.serve({
    hostname: address,
    port: 443,
    tls: { cert: Bun.file(settings.certificate), key: Bun.file(settings.key) },
    fetch(request) {
      const name = new URL(request.url).hostname;
      if (name === VENDOR_NAME) return serveRepository(repository, request);
      if (name === ACME_NAME && authority) return serveAcme(authority, request);
      return new Response("no such site\n", { status: 421 });
    },
  });
  Bun.serve({
    hostname: address,
    port: 80,
    fetch: (request) => Response.redirect(request.url.replace(/^http:/, "https:"), 301),
  });
}

async function serveRepository(root: string, request: Request): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405 });
  const path = decodeURIComponent(new URL(request.url).pathname);
  if (path === "/" || path === "/stable/")
    return new Response("Tailscale packages, as the lab builds them\n");
  const file = Bun.file(join(root, path));
  // URL has resolved "..": `join` cannot leave the root any more, but an encoded one could.
  if (path.split("/").includes("..") || !(await file.exists())) return new Response(null, { status: 404 });
  return new Response(file, { headers: { "Last-Modified": new Date(file.lastModified).toUTCString() } });
}

/**
 * Passes a request on to pebble, at Let's Encrypt's paths. Pebble names no order in its answer to
 * "finalize", and tailscaled needs it there (tailscale.md 9.3).
 */
async function serveAcme(authority: string, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const path = pathname === "/directory" ? "/dir" : pathname;
  const headers = new Headers(request.headers);
  headers.set("Host", ACME_NAME);
  headers.delete("Accept-Encoding");
  const answer = await fetch(`https://127.0.0.1:14000${path}${search}`, {
    method: request.method,
    headers,
    body: request.method === "POST" ? await request.arrayBuffer() : null,
    redirect: "manual",
    tls: { ca: authority, serverName: "127.0.0.1" },
  });
  const order = pathname.match(/^\/finalize-order\/(.+)$/)?.[1];
  const answerHeaders = new Headers(answer.headers);
  if (order !== undefined) answerHeaders.set("Location", `https://${ACME_NAME}/my-order/${order}`);
  return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answerHeaders });
}

/** Whoever waits for the file gets it whole: it appears by rename. */
async function keepAcmeRoot(authority: string, file: string): Promise<void> {
  const answer = await fetch("https://127.0.0.1:15000/roots/0", { tls: { ca: authority } });
  if (!answer.ok) throw new Error(`pebble gave no root certificate: ${answer.status}`);
  await writeFile(`${file}.new`, await answer.text());
  await rename(`${file}.new`, file);
}

const [settingsFile] = process.argv.slice(2);
if (import.meta.main && settingsFile !== undefined) await serve(settingsFile);
