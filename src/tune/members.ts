import { parseCorosyncConf } from "../cluster/corosync-conf.ts";
import { type TotemSettings, totemTimers } from "../cluster/totem.ts";
import { type Cmap, knetStats, parseCmap } from "../corosync/cmap.ts";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host, Reader } from "../host/host.ts";
import { isGuarded } from "./guard.ts";
import { LOCAL_CONF, MASTER_CONF } from "./guard-script.ts";

/** What one member's corosync has in force, and what it counted. */
export interface MemberState {
  readonly name: string;
  /** The file that corosync reads there. */
  readonly conf: string | undefined;
  readonly quorate: boolean;
  readonly runtime: Cmap;
  /** Names of what is wrong with its links now. */
  readonly linksDown: readonly number[];
  /** Rings formed since corosync started: one more is a membership change. */
  readonly ringsFormed: number;
  readonly linkDowns: number;
}

/** Looks at one member; a member that does not answer is not quorate. About three round trips. */
export async function readMember(reader: Reader): Promise<MemberState> {
  const [conf, quorum, runtime, stats] = await Promise.all([
    reader.text(LOCAL_CONF).catch(() => undefined),
    reader.run(["corosync-quorumtool", "-s"], { timeoutMs: 10_000 }),
    reader.run(["corosync-cmapctl", "runtime."], { timeoutMs: 10_000 }),
    reader.run(["corosync-cmapctl", "-m", "stats"], { timeoutMs: 10_000 }),
  ]);
  const counted = parseCmap(stats.stdout);
  const links = [...knetStats(counted)];
  return {
    name: reader.name,
    conf,
    quorate: quorum.exitCode === 0,
    runtime: parseCmap(runtime.stdout),
    linksDown: links.filter(([, { connected }]) => !connected).map(([id]) => id),
    ringsFormed: Number(counted.get("stats.srp.operational_entered") ?? 0),
    linkDowns: links.reduce((sum, [, { downs }]) => sum + downs, 0),
  };
}

/** Why these members are not one healthy ring with this file and these timers; empty when they are. */
export function faults(
  members: readonly MemberState[],
  wanted: { readonly conf: string; readonly settings: TotemSettings },
): string[] {
  const timers = expectedRuntime(wanted.settings, members.length);
  return members.flatMap(({ name, conf, quorate, runtime, linksDown }) => {
    const joined = [...runtime].filter(
      ([key, value]) => /\.members\.\d+\.status$/.test(key) && value === "joined",
    );
    const wrong = [...timers].filter(([key, value]) => runtime.get(key) !== String(value));
    return [
      ...(conf === wanted.conf ? [] : [`${name} has another corosync.conf`]),
      ...(quorate ? [] : [`${name} has no quorum`]),
      ...(joined.length === members.length
        ? []
        : [`${name} sees ${joined.length} of ${members.length} members`]),
      ...(linksDown.length === 0 ? [] : [`${name} has links down to node ${linksDown.join(", ")}`]),
      ...wrong.map(([key, value]) => `${name}: ${key} is ${runtime.get(key) ?? "unknown"}, not ${value}`),
    ];
  });
}

/** What cmap must say with these settings (corosync.md 4). */
function expectedRuntime(settings: TotemSettings, hosts: number): Map<string, number> {
  const timers = totemTimers(settings, hosts);
  return new Map([
    ["runtime.config.totem.token", timers.tokenMs],
    ["runtime.config.totem.consensus", timers.consensusMs],
    ["runtime.config.totem.token_retransmit", timers.retransmitMs],
    ["runtime.config.totem.knet_mtu", settings.knet_mtu],
    ["runtime.config.totem.interface.0.knet_ping_interval", timers.pingIntervalMs],
    ["runtime.config.totem.interface.0.knet_ping_timeout", timers.pingTimeoutMs],
  ]);
}

/**
 * The text of corosync.conf that is in force on every member; waits up to 15 s for all of them to be there.
 * @throws UserError E_CLUSTER_NOT_WHOLE, E_TUNE_DRIFT, E_TUNE_UNDERWAY.
 */
export async function commonConf(here: Host, hosts: ReadonlyMap<string, Host>): Promise<string> {
  const master = await here.text(MASTER_CONF);
  const listed = master === undefined ? undefined : parseCorosyncConf(master);
  const isAway = ({ quorate, linksDown }: MemberState) => !quorate || linksDown.length > 0;
  let members: MemberState[] = [];
  // Untuned links are called down now and then and come back within seconds.
  await poll(15_000, 1_000, async () => {
    members = await Promise.all([...hosts.values()].map(readMember));
    return members.some(isAway) ? undefined : true;
  });
  const away = members.filter(isAway);
  if (!master || !listed || listed.nodes.length !== members.length || away.length > 0) {
    const words = away.map(({ name, quorate }) => `${name} ${quorate ? "has a link down" : "has no quorum"}`);
    throw new UserError(
      "E_CLUSTER_NOT_WHOLE",
      `the cluster is not whole: ${words.join(", ") || "no node list"}`,
      {
        likely: "a host is off, or UDP 5405 to it is dropped",
        mend: "tailmox status; tune when all members are there",
      },
    );
  }
  const other = members.filter(({ conf }) => conf !== master).map(({ name }) => name);
  if (other.length > 0) {
    throw new UserError("E_TUNE_DRIFT", `corosync.conf on ${other.join(", ")} is not the cluster's`, {
      likely: "a change is just under way, or the file was edited on that host alone",
      mend: "compare /etc/pve/corosync.conf with /etc/corosync/corosync.conf there; proceed when they are equal",
    });
  }
  const guarded = await Promise.all([...hosts.values()].map(isGuarded));
  if (guarded.includes(true)) {
    throw new UserError("E_TUNE_UNDERWAY", "another tuning is under way, its guard still watches", {
      likely: "tailmox tune runs on another member, or was interrupted less than two minutes ago",
      mend: "wait until it is confirmed or taken back: journalctl -u tailmox-tune",
    });
  }
  return master;
}
