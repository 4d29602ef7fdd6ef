import { UserError } from "../errors.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { adminPage } from "../tailnet/login.ts";
import type { Step } from "./step.ts";
import { type LoginPatience, untilApproved, waitWords } from "./tailscale-up.ts";

/** A host that is logged in and waits until an administrator of the tailnet approves it. Changes nothing. */
export function awaitApproval(loginServer: string | undefined, patience: LoginPatience): Step {
  return {
    name: "approval",
    title: "wait until an administrator of the tailnet has approved this host",
    why: "this tailnet lets new hosts in only with an administrator's word",
    usually: "as long as you need",
    check: async (host) => {
      const facts = await readTailnet(host);
      return facts.kind === "answers" && facts.status.state !== "NeedsMachineAuth";
    },
    do: async (host, doing) => {
      doing("waiting for an administrator's approval");
      if (await untilApproved(host, loginServer, patience)) return "approved";
      throw notApproved(loginServer, patience);
    },
    undo: async () => {},
  };
}

/** For a login that ended here, too. */
export function notApproved(loginServer: string | undefined, { personMs }: LoginPatience): UserError {
  return new UserError("E_NOT_APPROVED", `nobody approved this host within ${waitWords(personMs)}`, {
    likely: "this tailnet lets new hosts in only with an administrator's word",
    mend: `approve it at ${adminPage(loginServer)}, then run tailmox up again; --login-timeout 30m waits longer`,
  });
}
