import { PveError } from "../../errors.ts";
import { assertAgent, guestExec, guestExecStatus } from "../../guests/agent.ts";
import { guestNetwork } from "../../guests/guest-network.ts";
import type { Call, Handlers } from "../call.ts";

const AGENT = "/nodes/{node}/qemu/{vmid}/agent";

/** The guest agent: most answers are wrapped as `result`. */
export const guestAgentHandlers: Handlers = {
  [`POST ${AGENT}`]: async (call) => {
    const command = COMMANDS[String(call.params.command)];
    if (command) return { result: await command(call) };
    await assertAgent(call.node, Number(call.params.vmid));
    throw new PveError(`guest agent command '${call.params.command}' is not played here`, { status: 501 });
  },
  [`POST ${AGENT}/ping`]: async (call) => ({ result: await ping(call) }),
  [`GET ${AGENT}/network-get-interfaces`]: async (call) => ({ result: await network(call) }),
  [`POST ${AGENT}/exec`]: async ({ node, params }) => {
    const { command, "input-data": input } = params;
    const argv = Array.isArray(command) ? command : [];
    return { pid: await guestExec(node, Number(params.vmid), argv, input?.toString()) };
  },
  [`GET ${AGENT}/exec-status`]: ({ node, params }) =>
    guestExecStatus(node, Number(params.vmid), Number(params.pid)),
};

const COMMANDS: Readonly<Record<string, (call: Call) => Promise<unknown>>> = {
  ping,
  "network-get-interfaces": network,
};

async function ping({ node, params }: Call): Promise<unknown> {
  await assertAgent(node, Number(params.vmid));
  return {};
}

async function network({ node, params }: Call): Promise<unknown> {
  return await guestNetwork(node, Number(params.vmid));
}
