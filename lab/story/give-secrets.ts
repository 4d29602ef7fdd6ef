import { writeHostFile } from "../machines/files.ts";
import type { LabPlan } from "../plan.ts";
import { createAuthKey } from "../tailnet/auth-key.ts";
import { loginServer } from "../tailnet/login-server.ts";

/** Writes an auth key and all hosts' passwords to files on each; gives the flags that lead `tailmox up` to them. */
export async function giveSecrets(plan: LabPlan): Promise<string[]> {
  const key = await createAuthKey(plan);
  const passwords = plan.hosts.map((host) => `${host.name}=${host.password}\n`).join("");
  await Promise.all(
    plan.hosts.flatMap((host) => [
      writeHostFile(plan, host, "/root/tailnet.key", `${key}\n`, 0o600),
      writeHostFile(plan, host, "/root/passwords", passwords, 0o600),
    ]),
  );
  return [
    ...["--login-server", loginServer(plan)],
    ...["--auth-key-file", "/root/tailnet.key", "--password-file", "/root/passwords"],
  ];
}
