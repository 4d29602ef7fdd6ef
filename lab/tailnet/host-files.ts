import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HostPlan, LabPlan } from "../plan.ts";
import { ensureAuthority } from "./authority.ts";
import { acmeRootFile } from "./internet.ts";

export interface HostFile {
  /** Absolute, in the host's root. */
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

/**
 * What a host needs from outside to live on the lab's internet: name server, trust in the lab's certificate
 * authorities, and tailscaled's settings for a control server without TLS. `startInternet` must have run.
 */
export async function hostFiles(plan: LabPlan, _host: HostPlan): Promise<readonly HostFile[]> {
  const authorities = await labAuthorities(plan);
  return [
    { path: "/etc/resolv.conf", mode: 0o644, content: `nameserver ${plan.internet.address}\n` },
    ...Object.entries(authorities).map(([name, content]) => ({
      path: `/usr/local/share/ca-certificates/${name}.crt`,
      mode: 0o644,
      content,
    })),
    {
      path: "/etc/systemd/system/tailscaled.service.d/lab.conf",
      mode: 0o644,
      content: tailscaledDropIn(),
    },
  ];
}

/**
 * Writes `hostFiles` into a host's root, and adds the certificates to the bundle that programs read: what
 * update-ca-certificates would do, without a second of it per host.
 */
export async function installHostFiles(plan: LabPlan, host: HostPlan, root: string): Promise<void> {
  for (const { path, mode, content } of await hostFiles(plan, host)) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await chmod(file, mode);
  }
  const bundle = join(root, "etc/ssl/certs/ca-certificates.crt");
  const trusted = await readFile(bundle, "utf8").catch(() => "");
  const missing = Object.values(await labAuthorities(plan)).filter((each) => !trusted.includes(each));
  await mkdir(dirname(bundle), { recursive: true });
  await writeFile(bundle, trusted + missing.join(""));
}

/** tailscaled's environment in the lab, as a drop-in of its unit (tailscale.md 9). */
export function tailscaledDropIn(): string {
  const environment = {
    // The lab's DERP speaks plain HTTP; without it no relay and no call-me-maybe (8.1).
    TS_DEBUG_USE_DERP_HTTP: "1",
    // There is no log server, and none should be looked for.
    TS_NO_LOGS_NO_SUPPORT: "true",
    // No probes for a home router's port mapping.
    TS_DISABLE_PORTMAPPER: "1",
  };
  const lines = Object.entries(environment).map(([name, value]) => `Environment=${name}=${value}`);
  return [
    "# The lab's internet has no TLS on its control server and no log server.",
    "[Service]",
    ...lines,
    "",
  ].join("\n");
}

async function labAuthorities(plan: LabPlan): Promise<Readonly<Record<string, string>>> {
  const { certificate } = await ensureAuthority();
  return {
    "tailmox-lab": await readFile(certificate, "utf8"),
    ...(plan.scenario.tailnet === "hosted" && {
      "tailmox-lab-acme": await readFile(acmeRootFile(plan), "utf8"),
    }),
  };
}
