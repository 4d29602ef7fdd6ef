import { connect } from "node:net";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import type { LabPlan } from "../plan.ts";
import { runDir } from "./namespaces.ts";
import { type Answer, answer, type Request } from "./relay/protocol.ts";

/** The unix socket on which the relay of a lab takes its orders. */
export function relaySocket(plan: Pick<LabPlan, "id">): string {
  return join(runDir(plan), "relay.sock");
}

/** Asks the relay of a lab one thing. Throws E_LAB_RELAY when it does not answer within 5 s, or refuses. */
export async function askRelay(plan: LabPlan, request: Request): Promise<Answer & { ok: true }> {
  const reply = answer.parse(JSON.parse(await exchange(plan, `${JSON.stringify(request)}\n`)));
  if (reply.ok) return reply;
  throw new UserError("E_LAB_RELAY", `the relay of the lab "${plan.name}" refused: ${reply.error}`, {
    likely: "it was started by another version of the lab",
    mend: `npm run lab -- down --name ${plan.name}, then up again`,
  });
}

/** One line there, one line back. */
function exchange(plan: LabPlan, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(relaySocket(plan));
    const fail = (cause: unknown) => {
      socket.destroy();
      reject(silent(plan, cause));
    };
    let reply = "";
    socket.setTimeout(ANSWER_MS, () => fail("no answer"));
    socket.once("error", fail);
    socket.once("connect", () => socket.write(line));
    socket.once("close", () => fail("it hung up"));
    socket.on("data", (bytes) => {
      reply += bytes.toString();
      if (!reply.endsWith("\n")) return;
      resolve(reply);
      socket.destroy();
    });
  });
}

const ANSWER_MS = 5_000;

function silent(plan: LabPlan, cause: unknown): UserError {
  return new UserError("E_LAB_RELAY", `the relay of the lab "${plan.name}" does not answer`, {
    likely: "the lab is not up, or its relay was killed",
    mend: `npm run lab -- status --name ${plan.name}; or down and up again`,
    cause,
  });
}
