import { UserError } from "../../src/errors.ts";
import { hostExec } from "../machines/exec.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { VENDOR_NAME } from "./addresses.ts";

/**
 * Installs Tailscale on a running host from the lab's package repository, by the commands of the vendor's
 * guide (tailscale.md 7). The service runs afterwards, not logged in. Throws E_COMMAND_FAILED.
 */
export async function installTailscale(plan: LabPlan, host: HostPlan): Promise<void> {
  for (const argv of installCommands(host.release === "pve8" ? "bookworm" : "trixie")) {
    const result = await hostExec(plan, host, argv, {
      timeoutMs: 120_000,
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
    if (result.exitCode === 0) continue;
    throw new UserError("E_COMMAND_FAILED", `${argv.join(" ")} failed on ${host.name} (${result.exitCode})`, {
      likely: (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-4).join("\n"),
      mend: `npm run lab -- --name ${plan.name} shell ${host.name}, and run it by hand`,
    });
  }
}

/** The vendor's guide as argument lists; only the vendor's list is updated: the lab has no Debian mirror. */
export function installCommands(
  codename: "bookworm" | "trixie",
): readonly (readonly [string, ...string[]])[] {
  const from = `https://${VENDOR_NAME}/stable/debian/${codename}`;
  const list = "sources.list.d/tailscale.list";
  const only = [`Dir::Etc::sourcelist=${list}`, "Dir::Etc::sourceparts=-", "APT::Get::List-Cleanup=0"];
  return [
    ["curl", "-fsSL", "-o", "/usr/share/keyrings/tailscale-archive-keyring.gpg", `${from}.noarmor.gpg`],
    ["curl", "-fsSL", "-o", `/etc/apt/${list}`, `${from}.tailscale-keyring.list`],
    ["apt-get", "update", "-eany", ...only.flatMap((option) => ["-o", option])],
    ["apt-get", "install", "-y", "tailscale", "tailscale-archive-keyring"],
  ];
}
