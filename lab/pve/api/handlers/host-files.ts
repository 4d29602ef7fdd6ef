import { createHash } from "node:crypto";
import { run } from "../../../../src/host/run.ts";
import { PveError } from "../../errors.ts";
import { readText, setContents } from "../../node/files.ts";
import type { Call, Handlers } from "../call.ts";

/** Files of a node's own /etc that the API reads and writes. */
export const hostFileHandlers: Handlers = {
  "GET /nodes/{node}/hosts": async ({ node }) => {
    const data = (await readText(node, "/etc/hosts")) ?? "";
    return { data, digest: digestOf(data) };
  },
  "POST /nodes/{node}/hosts": writeHosts,
  "GET /nodes/{node}/dns": async ({ node }) => {
    const text = (await readText(node, "/etc/resolv.conf")) ?? "";
    const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server]) => server);
    const search = /^\s*(?:search|domain)\s+(\S+)/m.exec(text)?.[1];
    return {
      ...(search !== undefined && { search }),
      ...Object.fromEntries(servers.slice(0, 3).map((server, index) => [`dns${index + 1}`, server])),
    };
  },
  "GET /nodes/{node}/time": async ({ node }) => {
    const time = Math.floor(Date.now() / 1000);
    const timezone = ((await readText(node, "/etc/timezone")) ?? "UTC").trim();
    return { time, localtime: time - new Date().getTimezoneOffset() * 60, timezone };
  },
  "GET /nodes/{node}/config": async ({ node }) => {
    const text = (await readText(node, `/etc/pve/nodes/${node.name}/config`)) ?? "";
    const values = [...text.matchAll(/^([a-z0-9-]+):\s*(.*?)\s*$/gm)].map(([, key, value]) => [key, value]);
    return { ...Object.fromEntries(values), digest: createHash("sha1").update(text).digest("hex") };
  },
  "GET /nodes/{node}/network": async () => {
    const shown = await run(["ip", "-br", "link", "show"], { timeoutMs: 10_000 });
    const names = shown.stdout
      .split("\n")
      .flatMap((line) => line.split(/[\s@]/, 1))
      .filter(Boolean);
    return names
      .filter((name) => name !== "lo")
      .map((iface) => ({ iface, type: "eth", method: "manual", method6: "manual", active: 1, exists: 1 }));
  },
};

async function writeHosts({ node, params }: Call): Promise<null> {
  const old = (await readText(node, "/etc/hosts")) ?? "";
  if (params.digest !== undefined && params.digest !== digestOf(old)) {
    throw new PveError("detected modified configuration - file changed by other user? Try again.");
  }
  const data = String(params.data);
  await setContents(node, "/etc/hosts", data.endsWith("\n") ? data : `${data}\n`);
  return null;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
