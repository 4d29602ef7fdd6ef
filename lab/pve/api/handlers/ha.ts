import { isQuorate } from "../../node/quorum.ts";
import type { Handlers } from "../call.ts";

/** High availability that nobody uses: the empty forms of proxmox.md 12. */
export const haHandlers: Handlers = {
  "GET /cluster/ha": async () => ["status", "resources", "groups", "rules"].map((id) => ({ id })),
  "GET /cluster/ha/status": async () => ["current", "manager_status"].map((name) => ({ name })),
  "GET /cluster/ha/status/current": async ({ node }) => {
    const quorate = await isQuorate(node);
    const status = quorate ? "OK" : "No quorum on node!";
    return [{ id: "quorum", type: "quorum", node: node.name, status, quorate: quorate ? 1 : 0 }];
  },
  "GET /cluster/ha/status/manager_status": async ({ node }) => ({
    manager_status: {},
    quorum: { node: node.name, quorate: (await isQuorate(node)) ? "1" : "0" },
    lrm_status: {},
  }),
  "GET /cluster/ha/resources": async () => [],
  "GET /cluster/ha/groups": async () => [],
  "GET /cluster/ha/rules": async () => [],
};
