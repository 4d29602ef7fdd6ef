import type { Reader } from "../host/host.ts";

/**
 * True when whoever started tailmox sits at a Tailscale SSH session, or at any ssh session that came to the
 * tailnet address: it ends when Tailscale SSH is switched off. Told by the environment and, because sudo and su
 * take that away, by the processes above this one.
 */
export async function comesThroughTailnet(
  reader: Pick<Reader, "text">,
  address: string,
  { ssh, pid }: { ssh: string | undefined; pid: number } = {
    ssh: process.env.SSH_CONNECTION,
    pid: process.ppid,
  },
): Promise<boolean> {
  // SSH_CONNECTION: client address, client port, server address, server port.
  if (ssh?.split(" ")[2] === address) return true;
  let parent = pid;
  for (let depth = 0; depth < 64 && parent > 1; depth++) {
    const status = (await reader.text(`/proc/${parent}/status`)) ?? "";
    if (/^Name:\s+tailscaled$/m.test(status)) return true;
    parent = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
  }
  return false;
}
