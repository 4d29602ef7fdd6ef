import { UserError } from "../errors.ts";
import { readTailnet } from "../tailnet/facts.ts";
import type { Step } from "./step.ts";

/** A login that was taken down by `tailscale down`: up again, with the settings that it has. */
export function resumeTailscale(): Step {
  return {
    name: "tailscale up",
    title: "tailscale up",
    why: "this host is logged in, but Tailscale was taken down",
    usually: "usually 2 s",
    check: async (host) => {
      const facts = await readTailnet(host);
      return facts.kind === "answers" && facts.status.state === "Running";
    },
    do: async (host) => {
      await host.change({ what: "tailscale up", undo: "tailscale down" }, async (writer) => {
        // Without any flag: with one, `up` would ask for all settings (tailscale.md 1.4.1).
        const result = await writer.run(["tailscale", "up"], { timeoutMs: 30_000 });
        if (result.exitCode === 0) return;
        throw new UserError("E_TAILSCALE_DOWN", "Tailscale did not come up again", {
          likely: result.timedOut ? "no answer in 30 s" : result.stderr.trim(),
          mend: "tailscale status",
        });
      });
      return "up";
    },
    undo: (host) =>
      host.change({ what: "tailscale down", undo: "tailscale up" }, async (writer) => {
        await writer.run(["tailscale", "down"], { timeoutMs: 30_000 });
      }),
  };
}
