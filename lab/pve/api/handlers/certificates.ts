import { removeCustomCertificate, setCustomCertificate } from "../../cluster/custom-certificate.ts";
import { certificateInfo } from "../../node/certificate-info.ts";
import { readText } from "../../node/files.ts";
import type { PveNode } from "../../node/pve-node.ts";
import type { Handlers } from "../call.ts";

/** The certificates of a node (proxmox.md 9). */
export const certificateHandlers: Handlers = {
  "GET /nodes/{node}/certificates": async () => ["acme", "custom", "info"].map((name) => ({ name })),
  "GET /nodes/{node}/certificates/info": async ({ node }) => await infoOf(node),
  "POST /nodes/{node}/certificates/custom": async ({ node, params }) => {
    await setCustomCertificate(node, {
      chain: String(params.certificates),
      key: params.key === undefined ? undefined : String(params.key),
      force: Boolean(params.force),
      restart: Boolean(params.restart),
      print: () => undefined,
    });
    return certificateInfo("pveproxy-ssl.pem", String(params.certificates));
  },
  "DELETE /nodes/{node}/certificates/custom": async ({ node, params }) => {
    await removeCustomCertificate(node, { restart: Boolean(params.restart), print: () => undefined });
    return null;
  },
};

async function infoOf(node: PveNode): Promise<unknown[]> {
  const folder = `/etc/pve/nodes/${node.name}` as const;
  const files = ["/etc/pve/pve-root-ca.pem", `${folder}/pve-ssl.pem`, `${folder}/pveproxy-ssl.pem`] as const;
  const found = await Promise.all(
    files.map(async (path) => {
      const pem = await readText(node, path);
      return pem ? certificateInfo(path.replace(/^.*\//, ""), pem) : undefined;
    }),
  );
  return found.filter((each) => each !== undefined);
}
