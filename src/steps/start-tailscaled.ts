import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import { readTailnet } from "../tailnet/facts.ts";
import type { Step } from "./step.ts";

/** tailscaled running, now and after each boot. */
export function startTailscaled(): Step {
  return {
    name: "start tailscaled",
    title: "start the service tailscaled",
    why: "Tailscale is installed, but its service does not answer",
    usually: "usually 2 s",
    check: async (host) => (await readTailnet(host)).kind === "answers",
    do: async (host) => {
      await host.change(
        { what: "start tailscaled", undo: "systemctl disable --now tailscaled" },
        async (writer) => {
          const argv = ["systemctl", "enable", "--now", "tailscaled"] as const;
          const { exitCode, stderr } = await writer.run(argv, { timeoutMs: 60_000 });
          if (exitCode !== 0) throw down(stderr.trim());
        },
      );
      const answers = await poll(30_000, 500, async () =>
        (await readTailnet(host)).kind === "answers" ? true : undefined,
      );
      if (!answers) throw down("it started, but does not answer after 30 s");
      return "tailscaled runs";
    },
    undo: (host) =>
      host.change({ what: "stop tailscaled", undo: "systemctl enable --now tailscaled" }, async (writer) => {
        await writer.run(["systemctl", "disable", "--now", "tailscaled"], { timeoutMs: 60_000 });
      }),
  };
}

function down(likely: string): UserError {
  return new UserError("E_TAILSCALE_DOWN", "tailscaled does not run", {
    likely: likely || "systemctl gave no reason",
    mend: "systemctl status tailscaled; journalctl -u tailscaled",
  });
}
