import type { Call, Handlers } from "../call.ts";
import { type Guest, listGuests } from "../guest-list.ts";

/** Guests by their configuration; none can run here. */
export const guestHandlers: Handlers = {
  "GET /nodes/{node}/qemu": (call) => guestsOn(call, "qemu"),
  "GET /nodes/{node}/lxc": (call) => guestsOn(call, "lxc"),
};

async function guestsOn({ node, params }: Call, type: Guest["type"]): Promise<unknown> {
  return (await listGuests(node))
    .filter((guest) => guest.type === type && guest.node === params.node)
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
    }));
}
