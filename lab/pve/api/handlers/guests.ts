import type { Handlers } from "../call.ts";
import { listGuests } from "../guest-list.ts";

/** Containers by their configuration; none can run here. */
export const guestHandlers: Handlers = {
  "GET /nodes/{node}/lxc": async ({ node, params }) =>
    (await listGuests(node))
      .filter((guest) => guest.type === "lxc" && guest.node === params.node)
      .map(({ vmid, name, template, maxmem, cpus, tags, lock }) => ({
        vmid,
        name,
        status: "stopped",
        maxmem,
        cpus,
        cpu: 0,
        mem: 0,
        uptime: 0,
        ...(template && { template: 1 }),
        ...(tags !== undefined && { tags }),
        ...(lock !== undefined && { lock }),
      })),
};
