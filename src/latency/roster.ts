import { isIP } from "node:net";
import type { Cluster } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import { isMissing } from "../host/missing-tool.ts";
import { readPlace } from "../proxmox/place.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { withTag } from "../tailnet/status.ts";

/** A host whose links are measured. */
export interface RosterHost {
  readonly name: string;
  /** Undefined: in no cluster yet. */
  readonly nodeid: number | undefined;
  /** What corosync uses, or would use, as link 0. */
  readonly address: string;
  readonly here: boolean;
}

export interface Roster {
  readonly scope:
    | { readonly kind: "members"; readonly cluster: string }
    | { readonly kind: "peers"; readonly tag: string };
  readonly hosts: readonly RosterHost[];
}

/**
 * Whose links matter here: those of all members, or, on a host that is in no cluster, of this host and the tagged peers.
 * Throws E_NOTHING_TO_MEASURE where there is nobody else.
 */
export async function readRoster(reader: Reader, tag: string): Promise<Roster> {
  const { stdout } = await reader.run(["uname", "-n"]);
  const own = stdout.trim().split(".")[0] ?? "";
  const isProxmox = !isMissing(await reader.run(["pveversion"], { timeoutMs: 20_000 }));
  const place = isProxmox ? await readPlace(reader) : undefined;
  return place?.kind === "member" ? memberRoster(reader, place.cluster, own) : tagged(reader, tag);
}

/** The members of a cluster, seen from its node `own`. Throws E_NOTHING_TO_MEASURE where it is the only one. */
export async function memberRoster(reader: Reader, { name, members }: Cluster, own: string): Promise<Roster> {
  if (members.length < 2) throw nobodyElse(`"${name}" has one member`, "tailmox up on the next host");
  const hosts = members.map(async (member) => ({
    name: member.name,
    nodeid: member.id,
    address: await addressOf(reader, member.link0),
    here: member.name === own,
  }));
  return { scope: { kind: "members", cluster: name }, hosts: await Promise.all(hosts) };
}

/** corosync.conf may hold a name; ping and ssh must mean the same address by it. */
async function addressOf(reader: Reader, link0: string): Promise<string> {
  if (isIP(link0) !== 0) return link0;
  const { stdout } = await reader.run(["getent", "ahosts", link0], { timeoutMs: 10_000 });
  return stdout.split(/\s/, 1)[0] || link0;
}

async function tagged(reader: Reader, tag: string): Promise<Roster> {
  const tailnet = await readTailnet(reader);
  if (tailnet.kind !== "answers" || tailnet.status.self.address === undefined) {
    throw nobodyElse("this host is in no cluster and in no tailnet", "tailmox up, or tailscale up");
  }
  const { self, peers } = tailnet.status;
  const hosts = [self, ...withTag(peers, tag)].flatMap(({ name, address }) =>
    address === undefined ? [] : [{ name, nodeid: undefined, address, here: address === self.address }],
  );
  hosts.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  if (hosts.length < 2) throw nobodyElse(`no other host with ${tag} is visible`, "tailscale status");
  return { scope: { kind: "peers", tag }, hosts };
}

function nobodyElse(what: string, mend: string): UserError {
  return new UserError("E_NOTHING_TO_MEASURE", `there is no link to measure: ${what}`, {
    likely: "this is the first host, or the tailnet policy hides the others",
    mend,
  });
}
