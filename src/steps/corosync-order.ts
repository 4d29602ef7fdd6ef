import type { Host } from "../host/host.ts";
import type { Step } from "./step.ts";

export const DROP_IN_PATH = "/etc/systemd/system/corosync.service.d/tailmox.conf";

/**
 * corosync starts after tailscaled and, which matters more, stops before it: it says goodbye while the tunnel
 * still stands. Nothing more: waiting for an address would keep web page and guests from starting while the
 * control server is away (tailscale.md 6.4, measured).
 */
export function corosyncOrder(): Step {
  return {
    name: "corosync after tailscaled",
    title: "corosync after tailscaled (systemd drop-in)",
    why: "so that at shutdown corosync says goodbye while the tunnel still stands",
    usually: "usually 1 s",
    check: hasDropIn,
    do: async (host) => {
      await host.change({ what: `write ${DROP_IN_PATH}`, undo: `rm ${DROP_IN_PATH}` }, async (writer) => {
        await writer.write(DROP_IN_PATH, DROP_IN, 0o644);
        await writer.run(["systemctl", "daemon-reload"]);
      });
      return "written";
    },
    undo: (host) =>
      host.change({ what: `remove ${DROP_IN_PATH}`, undo: "tailmox up" }, async (writer) => {
        await writer.remove(DROP_IN_PATH);
        await writer.run(["systemctl", "daemon-reload"]);
      }),
  };
}

export async function hasDropIn(host: Pick<Host, "text">): Promise<boolean> {
  return (await host.text(DROP_IN_PATH)) === DROP_IN;
}

const DROP_IN = `# Written by tailmox.
[Unit]
After=tailscaled.service
`;
