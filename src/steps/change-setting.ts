import { UserError } from "../errors.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { type HurtfulSetting, hurtfulSettings } from "../tailnet/settings.ts";
import type { Step } from "./step.ts";

/** Switches off one setting of an existing login. `tailscale set` touches nothing else (tailscale.md 1.5). */
export function changeSetting({ name, why }: HurtfulSetting, { mayLoseSsh }: { mayLoseSsh: boolean }): Step {
  const off = `tailscale set --${name}=false`;
  return {
    name: `${name} off`,
    title: off,
    why,
    usually: "at once",
    check: async (host) => {
      const facts = await readTailnet(host);
      return facts.kind === "answers" && !hurtfulSettings(facts.prefs).some((one) => one.name === name);
    },
    do: async (host) => {
      await host.change({ what: off, undo: `tailscale set --${name}` }, async (writer) => {
        const risk = name === "ssh" && mayLoseSsh ? ["--accept-risk=lose-ssh"] : [];
        const argv = ["tailscale", "set", `--${name}=false`, ...risk] as const;
        const { exitCode, stderr } = await writer.run(argv, { timeoutMs: 20_000 });
        if (exitCode === 0) return;
        throw new UserError("E_TAILNET_UNFIT", `${off} failed`, {
          likely: stderr.trim() || "it gave no reason",
          mend: off,
        });
      });
      return "done";
    },
    undo: (host) =>
      host.change({ what: `tailscale set --${name}`, undo: off }, async (writer) => {
        await writer.run(["tailscale", "set", `--${name}`], { timeoutMs: 20_000 });
      }),
  };
}
