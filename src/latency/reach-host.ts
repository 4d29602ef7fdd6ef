import { UserError } from "../errors.ts";
import type { Gate } from "../host/gate.ts";
import { type Host, openHost } from "../host/host.ts";
import type { Journal } from "../host/journal.ts";
import { type HostKey, presentedHostKey, sshTransport } from "../host/ssh.ts";
import type { RosterHost } from "./roster.ts";

/** A host that can be asked, or why not. */
export type Reached =
  | { readonly kind: "host"; readonly host: Host }
  | { readonly kind: "not reached"; readonly why: string };

/**
 * A host by root ssh as Proxmox itself goes between members: with the one host key that its own folder in /etc/pve
 * holds (proxmox.md 10). Without such a file, the key that it presents at its tailnet address. Bounded to about 10 s.
 */
export async function reachHost(
  here: Host,
  { name, address, here: isHere }: RosterHost,
  { gate, journal }: { gate: Gate; journal: Journal },
): Promise<Reached> {
  if (isHere) return { kind: "host", host: here };
  const pinned = await here.text(`/etc/pve/nodes/${name}/ssh_known_hosts`);
  const key = (pinned && parseKnownHost(pinned, name)) || (await presentedHostKey(here, address));
  if (!key) return { kind: "not reached", why: "it presents no ssh host key" };
  const host = openHost(sshTransport(name, address, key), gate, journal);
  const hello = await host.run(["true"], { timeoutMs: 15_000 });
  if (hello.exitCode === 0) return { kind: "host", host };
  const words = hello.stderr.trim().split("\n").at(-1);
  return { kind: "not reached", why: `ssh as root: ${words || "no answer"}` };
}

/** The key of a node in the file that Proxmox keeps for it: `<node> ssh-rsa AAAA...`. */
export function parseKnownHost(text: string, name: string): HostKey | undefined {
  for (const line of text.split("\n")) {
    const [host, type, key] = line.trim().split(/\s+/);
    if (host === name && type && key) return { type, key };
  }
  return undefined;
}

/** All of them, or E_MEMBER_UNREACHED naming those that cannot be asked: for what must be done on every member. */
export function allReached(reached: ReadonlyMap<string, Reached>): Map<string, Host> {
  const hosts = new Map<string, Host>();
  const missing: string[] = [];
  for (const [name, one] of reached) {
    if (one.kind === "host") hosts.set(name, one.host);
    else missing.push(`${name} (${one.why})`);
  }
  if (missing.length === 0) return hosts;
  throw new UserError("E_MEMBER_UNREACHED", `not every member can be asked: ${missing.join(", ")}`, {
    likely: "it is off, or root's ssh between members is not as Proxmox leaves it",
    mend: `ssh to it from here, as Proxmox does: pvecm updatecerts, then try again`,
  });
}
