import { UserError } from "../../src/errors.ts";
import { writeHostFile } from "../machines/files.ts";
import type { LabPlan } from "../plan.ts";
import { createAuthKey } from "../tailnet/auth-key.ts";
import { loginServer } from "../tailnet/login-server.ts";
import { tailmoxOn } from "./tailmox-on.ts";

interface Voice {
  readonly chapter: (title: string) => void;
  readonly line: (line: string) => void;
}

/**
 * Makes one cluster of all hosts of a lab as their administrator would: a key and the first host's password
 * in files, then `tailmox up` on each, the first with --create. Throws E_COMMAND_FAILED where one refuses.
 */
export async function clusterHosts(plan: LabPlan, { chapter, line }: Voice): Promise<void> {
  const key = await createAuthKey(plan);
  const passwords = plan.hosts.map((host) => `${host.name}=${host.password}`).join("\n");
  await Promise.all(
    plan.hosts.flatMap((host) => [
      writeHostFile(plan, host, "/root/tailnet.key", `${key}\n`, 0o600),
      writeHostFile(plan, host, "/root/passwords", `${passwords}\n`, 0o600),
    ]),
  );
  const files = ["--auth-key-file", "/root/tailnet.key", "--password-file", "/root/passwords"];
  for (const [index, host] of plan.hosts.entries()) {
    const argv = [
      "up",
      "--yes",
      "--login-server",
      loginServer(plan),
      ...files,
      ...(index === 0 ? ["--create"] : []),
    ];
    chapter(`${host.name}: tailmox ${argv.join(" ")}`);
    const exitCode = await tailmoxOn(plan, host, argv, line);
    if (exitCode !== 0) {
      throw new UserError("E_COMMAND_FAILED", `tailmox up on ${host.name} ended with ${exitCode}`, {
        likely: "its own words are above",
        mend: `npm run lab -- --name ${plan.name} shell ${host.name}    then: tailmox up`,
      });
    }
  }
}
