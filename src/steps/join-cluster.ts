import type { Cluster } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import type { Argv, Host, Writer } from "../host/host.ts";
import type { HostKey } from "../host/ssh.ts";
import { runInUnit, type UnitResult } from "../host/unit.ts";
import { type JoinOutput, readJoinOutput } from "../proxmox/join-output.ts";
import { readPlace } from "../proxmox/place.ts";
import { describeHalfJoined } from "./half-joined.ts";
import { untilProxmoxAnswers } from "./proxmox-answers.ts";
import { settleOnDisk } from "./settle-on-disk.ts";
import type { Step } from "./step.ts";

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
}

/** This host becomes a member: `pvecm add`, watched, with a deadline. Source: proxmox.md 4. */
export function joinCluster(spec: JoinSpec): Step {
  const { cluster, through, address, admission } = spec;
  const by = admission.kind === "ssh" ? "by root's ssh key" : "by its root password";
  return {
    name: `join through ${through.name}`,
    title: `join "${cluster.name}" through ${through.name} ${by}, link0 ${address}`,
    usually: "usually 10-20 s",
    check: async (host) => {
      const place = await readPlace(host);
      return place.kind === "member" && place.cluster.name === cluster.name && place.cluster.quorate;
    },
    do: async (host, doing) => {
      await untilProxmoxAnswers(host);
      const result = await host.change(
        { what: `pvecm add ${through.address}`, undo: "docs/undo-by-hand.md" },
        async (writer) => {
          if (admission.kind === "ssh") await trustHostKey(writer, through.address, admission.hostKey);
          const result = await add(writer, spec, doing);
          await settleOnDisk(writer);
          return result;
        },
      );
      const output = readJoinOutput(result.stdout, result.stderr);
      // pvecm exits 0 on failure too; its last line is what counts (proxmox.md 4.3).
      if (!output.added) throw await explain(host, spec, result, output);
      return "taken in";
    },
    undo: () =>
      Promise.reject(
        new UserError("E_JOIN_FAILED", "a join is not taken back by itself", {
          likely: "this host and the cluster have to be told both, in the right order",
          mend: "docs/undo-by-hand.md",
        }),
      ),
  };
}

async function add(writer: Writer, spec: JoinSpec, doing: (words: string) => void): Promise<UnitResult> {
  const { through, address, admission } = spec;
  // Node ids are left to Proxmox: it does not refuse one that is taken, and two nodes of one id can bring the
  // whole cluster down (proxmox.md 8.3).
  const argv: Argv = [
    "pvecm",
    "add",
    through.address,
    "--link0",
    `address=${address}`,
    ...(admission.kind === "ssh" ? ["--use_ssh", "1"] : ["--fingerprint", admission.fingerprint]),
  ];
  return runInUnit(writer, argv, {
    unit: `tailmox-join-${process.pid}`,
    timeoutMs: spec.timeoutMs,
    ...(admission.kind === "api" && { input: `${admission.password}\n` }),
    onOutput: (stdout) => doing(readJoinOutput(stdout).stage),
  });
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

async function explain(
  host: Host,
  spec: JoinSpec,
  result: UnitResult,
  output: JoinOutput,
): Promise<UserError> {
  const after = `${(result.durationMs / 1000).toFixed(0)} s`;
  const state = await describeHalfJoined(host, spec);
  const said = output.complaints.slice(-6).join("\n");
  if (result.timedOut) {
    return new UserError(
      "E_JOIN_TIMEOUT",
      `the join did not get past "${output.stage}" within ${after}, and was ended\n${state.words}`,
      {
        likely:
          output.stage === "waiting for quorum"
            ? `UDP 5405 between this host and a member is dropped: by the tailnet policy or a firewall`
            : said || "the member did not answer",
        mend: state.touched ? UNDO : "mend the cause, then run tailmox up again",
      },
    );
  }
  return new UserError("E_JOIN_FAILED", `${spec.through.name} did not take this host in\n${state.words}`, {
    likely: said || `pvecm ended at "${output.stage}" without a reason`,
    mend: state.touched ? UNDO : "mend the cause, then run tailmox up again: nothing was joined",
  });
}

const UNDO = "put both sides back by hand, in this order: docs/undo-by-hand.md#a-join-that-hung";
