import type { Answer } from "../http/answer.ts";
import type { PveNode } from "../node/pve-node.ts";

/** What a browser gets where Proxmox has its web interface. */
export function webPage(node: PveNode, path: string): Answer {
  const found = path === "/";
  const { pveManager } = node.release;
  const body = found
    ? `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${node.name} - Proxmox Virtual Environment</title></head>
<body><h1>${node.name}</h1>
<p>A lab's stand-in for Proxmox VE ${pveManager}. It has the API below <code>/api2/json</code>, no web interface.</p>
</body></html>
`
    : "";
  return {
    status: found ? 200 : 404,
    reason: found ? "OK" : `no such file '${path.replace(/[^\x20-\x7e]/g, "")}'`,
    headers: { "content-type": "text/html;charset=UTF-8", server: "pve-api-daemon/3.0" },
    body,
    delayMs: 0,
  };
}
