import type { Cluster, Member } from "../cluster/facts.ts";
import { idAtTheEnd, type RingPlace } from "../cluster/ring-place.ts";
import { UserError } from "../errors.ts";
import { readArmed } from "../guard/armed.ts";
import { finishJoin } from "../guard/finish.ts";
import type { Argv, Host, Writer } from "../host/host.ts";
import type { HostKey } from "../host/ssh.ts";
import { runInUnit, type UnitResult } from "../host/unit.ts";
import { type JoinOutput, readJoinOutput } from "../proxmox/join-output.ts";
import { readPlace } from "../proxmox/place.ts";
import type { JoinTurn } from "./arm-guard.ts";
import { untilProxmoxAnswers } from "./proxmox-answers.ts";
import { settleOnDisk } from "./settle-on-disk.ts";
import type { Step } from "./step.ts";
import { undoJoin } from "./undo-join.ts";

/** What lets this host in: root's ssh key on the member, or the member's root password. */
export type Admission =
  | { readonly kind: "ssh"; readonly hostKey: HostKey }
  | { readonly kind: "api"; readonly password: string; readonly fingerprint: string };

export interface JoinSpec {
  readonly cluster: Cluster;
  readonly through: { readonly name: string; readonly address: string };
  readonly node: string;
  readonly address: string;
  readonly admission: Admission;
  readonly timeoutMs: number;
  /** Asks the member where it stands: what the cluster says when the join has failed. */
  readonly askMember: () => Promise<Cluster | undefined>;
  /** Takes this host out of the cluster's node list again, by way of the member. */
  readonly takeOut: () => Promise<void>;
  /** It is this host's turn to join; let go when the join has failed. */
  readonly turn: Pick<JoinTurn, "release" | "members">;
  /** The node id that makes the ring shortest; absent: Proxmox chooses. */
  readonly ringPlace?: RingPlace;
}

/** The systemd unit that pvecm runs in: one for each run of tailmox. */
export const JOIN_UNIT = `tailmox-join-${process.pid}`;

/** This host becomes a member: `pvecm add`, watched, with a deadline. Source: proxmox.md 4. */
export function joinCluster(spec: JoinSpec): Step {
  const { cluster, through, address, admission, ringPlace } = spec;
  const by = admission.kind === "ssh" ? "by root's ssh key" : "by its root password";
  return {
    name: `join through ${through.name}`,
    title: `join "${cluster.name}" through ${through.name} ${by}, link0 ${address}${ringPlace ? `, node id ${ringPlace.nodeid}` : ""}`,
    ...(ringPlace && { why: ringPlace.why }),
    usually: "usually 10-20 s",
    check: async (host) => {
      const place = await readPlace(host);
      return place.kind === "member" && place.cluster.name === cluster.name && place.cluster.quorate;
    },
    do: async (host, doing) => {
      // One change from pvecm's start to the undo's end: a Ctrl-C must not leave half of it.
      const change = { what: `join "${cluster.name}"`, undo: "systemctl start tailmox-guard" };
      return await host
        .change(change, () => join(host, spec, doing))
        .catch(async (error: unknown) => {
          // A lock that cannot be given back ends by itself. After a join that succeeded the names follow under it.
          await spec.turn.release().catch(() => undefined);
          throw error;
        });
    },
    undo: () =>
      Promise.reject(
        new UserError("E_JOIN_FAILED", "a join is not taken back by itself", {
          likely: "a member leaves its cluster only by hand",
          mend: "docs/undo-by-hand.md#leaving-a-cluster",
        }),
      ),
  };
}

async function join(host: Host, spec: JoinSpec, doing: (words: string) => void): Promise<string> {
  const { through, admission } = spec;
  await untilProxmoxAnswers(host);
  const result = await host.change(
    { what: `pvecm add ${through.address}`, undo: "systemctl start tailmox-guard" },
    async (writer) => {
      if (admission.kind === "ssh") await trustHostKey(writer, through.address, admission.hostKey);
      const result = await add(writer, spec, doing);
      await settleOnDisk(writer);
      return result;
    },
  );
  const output = readJoinOutput(result.stdout, result.stderr);
  // pvecm exits 0 on failure too; its last line is what counts (proxmox.md 4.3).
  if (!output.added) throw await explain(host, spec, result, output, doing);
  return `taken in${await carryKeys(host)}`;
}

async function add(writer: Writer, spec: JoinSpec, doing: (words: string) => void): Promise<UnitResult> {
  const { through, address, admission } = spec;
  const nodeid = spec.ringPlace && idNow(spec.ringPlace.nodeid, spec.turn.members());
  const argv: Argv = [
    "pvecm",
    "add",
    through.address,
    "--link0",
    `address=${address}`,
    ...(nodeid === undefined ? [] : ["--nodeid", `${nodeid}`]),
    ...(admission.kind === "ssh" ? ["--use_ssh", "1"] : ["--fingerprint", admission.fingerprint]),
  ];
  return runInUnit(writer, argv, {
    unit: JOIN_UNIT,
    timeoutMs: spec.timeoutMs,
    ...(admission.kind === "api" && { input: `${admission.password}\n` }),
    onOutput: (stdout) => doing(readJoinOutput(stdout).stage),
  });
}

/**
 * The id as planned, unless somebody took it since: Proxmox does not refuse one that is taken, and two nodes of one id
 * can bring the whole cluster down (proxmox.md 8.3). The members are those seen under the join lock.
 */
function idNow(planned: number, members: readonly Member[]): number | undefined {
  return members.some(({ id }) => id === planned) ? idAtTheEnd(members) : planned;
}

/** pvecm runs ssh with root's own settings, which refuse an unknown host key when nobody can be asked. */
async function trustHostKey(writer: Writer, address: string, { type, key }: HostKey): Promise<void> {
  const text = (await writer.text(KNOWN_HOSTS)) ?? "";
  const line = `${address} ${type} ${key}`;
  if (text.split("\n").includes(line)) return;
  // An older key for this address would win, and ssh would refuse.
  const others = text.split("\n").filter((other) => other !== "" && !other.startsWith(`${address} `));
  await writer.write(KNOWN_HOSTS, `${[...others, line].join("\n")}\n`, 0o600);
}

const KNOWN_HOSTS = "/root/.ssh/known_hosts";

/** Root's authorized keys of before the join, from the guard's copy of them. */
async function carryKeys(host: Host): Promise<string> {
  const armed = await readArmed(host);
  if (!armed) return "";
  const change = { what: "carry root's authorized keys over", undo: "edit /etc/pve/priv/authorized_keys" };
  const added = await host.change(change, (writer) => finishJoin(writer, armed));
  return added === 0 ? "" : `, ${added} of root's authorized keys carried over`;
}

/** Takes the join back, and gives the error that says at which step it failed and what stands now. */
async function explain(
  host: Host,
  spec: JoinSpec,
  result: UnitResult,
  output: JoinOutput,
  doing: (words: string) => void,
): Promise<UserError> {
  doing(`ended at "${output.stage}"; taking it back`);
  const undone = await undoJoin(host, { ...spec, unit: JOIN_UNIT });
  const now = `${undone.left === undefined ? "Undone: " : ""}${undone.words}`;
  const mend = undone.left ?? "mend the cause, then run tailmox up again";
  const said = output.complaints.slice(-6).join("\n");
  if (!result.timedOut) {
    return new UserError("E_JOIN_FAILED", `${spec.through.name} did not take this host in\n${now}`, {
      likely: said || `pvecm ended at "${output.stage}" without a reason`,
      mend,
    });
  }
  const after = `${(result.durationMs / 1000).toFixed(0)} s`;
  const dropped = "UDP 5405 between this host and a member is dropped: by the tailnet policy or a firewall";
  return new UserError(
    "E_JOIN_TIMEOUT",
    `the join did not get past "${output.stage}" within ${after}, and was ended\n${now}`,
    {
      likely: output.stage === "waiting for quorum" ? dropped : said || "the member did not answer",
      mend,
    },
  );
}
