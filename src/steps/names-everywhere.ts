import type { Member } from "../cluster/facts.ts";
import { editHosts, type HostsEntry } from "../cluster/hosts-file.ts";
import { sameName } from "../cluster/names.ts";
import { namesForMember, namesOfAll } from "../cluster/names-of-all.ts";
import { readHostsManager } from "../host/cloud-init.ts";
import { poll } from "../host/deadline.ts";
import type { Host, Reader } from "../host/host.ts";
import { readPlace } from "../proxmox/place.ts";
import type { JoinTurn } from "./arm-guard.ts";
import { writeHosts } from "./hosts-file.ts";
import { hostsTemplate } from "./hosts-template.ts";
import type { Step } from "./step.ts";

export interface NamesEverywhereSpec {
  readonly node: string;
  readonly dnsName: string;
  readonly address: string;
  /** The members that were seen to lack them; absent in a join, where all do. */
  readonly lackedBy?: readonly string[] | undefined;
  readonly reach: ReachMember;
  /** After a join still this host's: two joiners must not edit one file at the same moment. */
  readonly turn: Pick<JoinTurn, "release">;
}

/** Root's shell on a member, or in words why there is none. */
export type ReachMember = (member: Member) => Promise<Host | string>;

/** After a join: every member knows the name of this host, and this host the names of all that are members now. */
export function namesEverywhere(spec: NamesEverywhereSpec): Step {
  return {
    name: "names on all members",
    title: `/etc/hosts on ${spec.lackedBy?.join(", ") ?? "every member"}: the names of all, ${spec.node} included`,
    why: "members go to each other by name; pve-cluster is not restarted there",
    usually: "usually 2-5 s",
    // What stands on the others is seen only when they are reached.
    check: async () => false,
    do: async (host) => {
      try {
        return await host.change(
          { what: "the names of all members on all", undo: "the copies in /var/lib/tailmox/backups" },
          () => spread(host, spec),
        );
      } finally {
        await spec.turn.release().catch(() => undefined);
      }
    },
    undo: async () => undefined,
  };
}

async function spread(host: Host, { node, dnsName, address, reach }: NamesEverywhereSpec): Promise<string> {
  const members = await membersOf(host);
  await bringNames(host, () => namesOfAll({ name: node, address, dnsName }, members));
  const others = members.filter(({ name }) => !sameName(name, node));
  const missed = await Promise.all(
    others.map(async (member) => {
      const trouble = await nameOn(member, members, reach);
      return trouble === undefined ? [] : [`${member.name} (${trouble})`];
    }),
  );
  const left = missed.flat();
  const done = `${others.length - left.length} of ${others.length} members know all names`;
  return left.length === 0 ? done : `${done}; not ${left.join(", ")}: tailmox up there writes them`;
}

async function membersOf(host: Host): Promise<readonly Member[]> {
  // pmxcfs has just been replaced: it may need a moment.
  const members = await poll(10_000, 500, async () => {
    const place = await readPlace(host).catch(() => undefined);
    return place?.kind === "member" ? place.cluster.members : undefined;
  });
  return members ?? [];
}

/** undefined when the member knows all names now; else why not. */
async function nameOn(
  member: Member,
  members: readonly Member[],
  reach: ReachMember,
): Promise<string | undefined> {
  try {
    const shell = await reach(member);
    if (typeof shell === "string") return shell;
    await bringNames(shell, (text) => namesForMember(text, member, members));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * The other members that were seen not to know all names: a run was cut off between join and names, or did not reach
 * them. Who cannot be asked is not among them.
 */
export async function whoLacksNames(
  node: string,
  members: readonly Member[],
  reach: ReachMember,
): Promise<string[]> {
  const others = members.filter(({ name, online }) => online && !sameName(name, node));
  const lacking = await Promise.all(
    others.map(async (member) => ((await lacksNames(member, members, reach)) ? [member.name] : [])),
  );
  return lacking.flat();
}

async function lacksNames(member: Member, members: readonly Member[], reach: ReachMember): Promise<boolean> {
  const shell = await reach(member);
  const text = typeof shell === "string" ? undefined : await hostsOf(shell).catch(() => undefined);
  return text !== undefined && editHosts(text, namesForMember(text, member, members)) !== text;
}

/** /etc/hosts, and the template that cloud-init writes it from at each boot. */
async function bringNames(host: Host, namesFor: (text: string) => readonly HostsEntry[]): Promise<void> {
  const [text, manager] = await Promise.all([hostsOf(host), readHostsManager(host)]);
  const entries = namesFor(text);
  if (editHosts(text, entries) !== text) await writeHosts(host, text, entries);
  if (manager.kind !== "template") return;
  const template = hostsTemplate({ entries });
  if (!(await template.check(host))) await template.do(host, () => undefined);
}

async function hostsOf(host: Reader): Promise<string> {
  return (await host.text("/etc/hosts")) ?? "";
}
