import { rm } from "node:fs/promises";
import http from "node:http";
import { join } from "node:path";
import type { HostPlan, LabPlan } from "../plan.ts";
import { textOf } from "../pve/errors.ts";
import {
  type HypervisorAnswer,
  type HypervisorRequest,
  hypervisorRequest,
} from "../pve/guests/hypervisor-protocol.ts";
import { loadLab } from "../store.ts";
import { Agent } from "./agent.ts";
import { hypervisorHosts, socketDir } from "./bays.ts";
import { Guests } from "./guests.ts";

/**
 * The lab's hypervisor, a program of its own: `service.ts LAB`. For every host with bays it listens on a socket that
 * this host alone sees. POST / is one request of the protocol; GET /run?vmid=&volume= switches a VM on, and the
 * connection is its power cable: whoever ends first, the caller or the machine, takes the other along.
 */
const plan = await loadLab(process.argv[2] ?? "");
for (const host of hypervisorHosts(plan)) await serve(plan, host);

async function serve(lab: LabPlan, host: HostPlan): Promise<void> {
  const guests = new Guests(lab, host);
  const agent = new Agent(lab);
  const server = http.createServer((message, response) => {
    const url = new URL(message.url ?? "/", "http://hypervisor");
    const work = message.method === "GET" ? powerCable(guests, url, response) : reply(message, response);
    work.catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  server.requestTimeout = 0;
  const socket = join(socketDir(lab, host), "socket");
  await rm(socket, { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socket, resolve));

  async function reply(message: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of message) text += chunk;
    const answer = await answerTo(guests, agent, text).catch((error: unknown) => ({
      ok: false,
      error: textOf(error),
    }));
    response.end(JSON.stringify(answer));
  }
}

async function answerTo(guests: Guests, agent: Agent, text: string): Promise<HypervisorAnswer> {
  const request = hypervisorRequest.parse(JSON.parse(text));
  return { ok: true, ...(await done(guests, agent, request)) };
}

async function done(
  guests: Guests,
  agent: Agent,
  request: HypervisorRequest,
): Promise<Partial<HypervisorAnswer>> {
  const { disks } = guests;
  switch (request.do) {
    case "import":
      await disks.import(request.image, request.volume);
      return { yes: true };
    case "copy":
      return { yes: await disks.copy(request.from, request.snapshot, request.to) };
    case "rename":
      await guests.rename(request.from, request.to);
      return {};
    case "free":
      await guests.free(request.volume);
      return {};
    case "snapshot":
      await guests.snapshot(request.volume, request.name);
      return {};
    case "delsnapshot":
      await disks.deleteSnapshot(request.volume, request.name);
      return {};
    case "rollback":
      await disks.rollback(request.volume, request.name);
      return {};
    case "powerdown":
      await guests.powerDown(request.vmid);
      return {};
    case "pause":
    case "resume":
      await guests.freeze(request.vmid, request.do === "pause");
      return {};
    case "ping": {
      const bay = guests.bayOf(request.vmid);
      return { yes: bay !== undefined && (await agent.answers(bay)) };
    }
    case "exec":
      return { pid: await agent.start(mustFindBay(guests, request.vmid), request.argv, request.input) };
    case "exec-status":
      return { exec: agent.state(request.pid) };
  }
}

function mustFindBay(guests: Guests, vmid: number): HostPlan {
  const bay = guests.bayOf(vmid);
  if (!bay) throw new Error(`VM ${vmid} is in no bay`);
  return bay;
}

/** First line `on`, or why not; then nothing until the machine ends. */
async function powerCable(guests: Guests, url: URL, response: http.ServerResponse): Promise<void> {
  const vmid = Number(url.searchParams.get("vmid"));
  let pulled = false;
  response.once("close", () => {
    pulled = true;
  });
  let inBay = false;
  try {
    inBay = (await guests.switchOn(vmid, url.searchParams.get("volume") ?? "")) !== undefined;
    response.write("on\n");
  } catch (error) {
    response.end(`${textOf(error)}\n`);
    return;
  }
  // A disk without a machine on it: nothing boots, and nothing ends by itself.
  while (!pulled && (!inBay || (await guests.isOn(vmid)))) await Bun.sleep(100);
  await guests.cut(vmid);
  response.end();
}
