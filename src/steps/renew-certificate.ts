import { UserError } from "../errors.ts";
import type { Host, Reader } from "../host/host.ts";
import { CERTIFICATE, proxyCertificatePath } from "../proxmox/web-certificate.ts";
import type { Step } from "./step.ts";

/**
 * Renews Tailscale's certificate before it ends. By systemd and the programs of the host alone, so that it works
 * wherever the file tailmox went. Left alone is a certificate that somebody else has set meanwhile.
 */
export function renewCertificate(spec: { node: string; dnsName: string }): Step {
  const files = renewalUnits(spec);
  return {
    name: "renewal",
    title: `renew it by a timer (${TIMER})`,
    why: "it is valid for 90 days",
    usually: "usually 1 s",
    check: (host) => renews(host, spec),
    do: async (host) => {
      await host.change(
        { what: `enable ${TIMER}`, undo: `systemctl disable --now ${TIMER}` },
        async (writer) => {
          for (const [path, text] of files) await writer.write(path, text, 0o644);
          await writer.run(["systemctl", "daemon-reload"]);
          const { exitCode, stderr } = await writer.run(["systemctl", "enable", "--now", TIMER]);
          if (exitCode !== 0) throw failed(stderr.trim());
        },
      );
      return "once a day, new when 30 days are left";
    },
    undo: stopRenewing,
  };
}

/** True when the timer runs, with what it is to do today. */
export async function renews(reader: Reader, spec: { node: string; dnsName: string }): Promise<boolean> {
  for (const [path, text] of renewalUnits(spec)) if ((await reader.text(path)) !== text) return false;
  return (await reader.run(["systemctl", "is-active", TIMER])).exitCode === 0;
}

/** True when any of its units is there. */
export async function hasRenewal(reader: Reader): Promise<boolean> {
  const texts = await Promise.all(renewalUnits({ node: "", dnsName: "" }).map(([path]) => reader.text(path)));
  return texts.some((text) => text !== undefined);
}

export async function stopRenewing(host: Host): Promise<void> {
  await host.change({ what: `remove ${TIMER}`, undo: "tailmox up --web cert" }, async (writer) => {
    await writer.run(["systemctl", "disable", "--now", TIMER]);
    for (const [path] of renewalUnits({ node: "", dnsName: "" })) await writer.remove(path);
    await writer.run(["systemctl", "daemon-reload"]);
  });
}

const TIMER = "tailmox-certificate.timer";

/** Path and text of each unit. */
function renewalUnits({ node, dnsName }: { node: string; dnsName: string }): (readonly [string, string])[] {
  const { cert, key, set } = CERTIFICATE;
  return [
    [
      `/etc/systemd/system/${TIMER}`,
      `# Written by tailmox up --web cert.
[Unit]
Description=Renew Tailscale's certificate of the Proxmox web page

[Timer]
OnCalendar=daily
RandomizedDelaySec=6h
Persistent=true

[Install]
WantedBy=timers.target
`,
    ],
    [
      "/etc/systemd/system/tailmox-certificate.service",
      `# Written by tailmox up --web cert.
[Unit]
Description=Renew Tailscale's certificate of the Proxmox web page
After=tailscaled.service pve-cluster.service

[Service]
Type=oneshot
# Only while the one before pveproxy is the one that tailmox set.
ExecCondition=cmp -s ${proxyCertificatePath(node)} ${set}
ExecStart=tailscale cert --min-validity=720h --cert-file=${cert} --key-file=${key} ${dnsName}
ExecStart=systemctl start tailmox-certificate-set.service
TimeoutStartSec=300
`,
    ],
    [
      "/etc/systemd/system/tailmox-certificate-set.service",
      `# Written by tailmox up --web cert.
[Unit]
Description=Set Tailscale's renewed certificate for the Proxmox web page

[Service]
Type=oneshot
# tailscale writes the file only when it is another one.
ExecCondition=test ${cert} -nt ${set}
ExecStart=pvenode cert set ${cert} ${key} --force 1 --restart 1
ExecStart=install --mode=600 ${cert} ${set}
TimeoutStartSec=120
`,
    ],
  ];
}

function failed(likely: string): UserError {
  return new UserError("E_WEB_FAILED", "the timer that renews the certificate does not run", {
    likely: likely || "systemctl gave no reason",
    mend: `systemctl status ${TIMER}; then tailmox up again`,
  });
}
