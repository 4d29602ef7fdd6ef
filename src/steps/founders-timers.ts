import type { Cluster } from "../cluster/facts.ts";
import { settingsEdit, tuneTexts } from "../cluster/tune-edit.ts";
import { FOUNDERS_SETTINGS } from "../cluster/tuned.ts";
import { UserError } from "../errors.ts";
import type { Host, Reader } from "../host/host.ts";
import { readCreated } from "../proxmox/created.ts";
import { MASTER_CONF } from "../tune/guard-script.ts";
import { publishConf } from "../tune/publish.ts";
import type { Step } from "./step.ts";

/** How long what stands in the way is tried again, in ms: the lock of corosync.conf, and anything else. */
export interface Patience {
  readonly lockMs: number;
  readonly restMs: number;
}

/** /etc/pve takes a moment longer than corosync until it may be written. */
const REST_MS = 20_000;
/** A lock whose holder is gone ends after 120 s (src/tune/publish.ts). */
const LOCK_MS = 150_000;

/** What a run that was cut off after `pvecm create` left to do. */
export function foundersTimers(patience: Patience = { lockMs: LOCK_MS, restMs: REST_MS }): Step {
  return {
    name: "timers for long distances",
    title: "timers for long distances, which an earlier run could not set any more",
    why: "Proxmox's own timers are for one room: over the internet little loss makes members come and go",
    usually: "usually 1 s; 2 min where a power cut left the lock of corosync.conf",
    check: async (host) => !(await hasProxmoxTimers(host)),
    do: async (host, doing) => {
      const trouble = await publishPatiently(host, patience, doing);
      if (trouble !== undefined) throw trouble;
      return "set";
    },
    undo: () =>
      Promise.reject(
        new UserError("E_CREATE_FAILED", "timers are not taken back by up", {
          likely: "that is a command of its own",
          mend: "tailmox tune --to pve-9",
        }),
      ),
  };
}

/** Whether `up` made this cluster of one and was cut off before it gave it timers. */
export async function lacksFoundersTimers(reader: Pick<Reader, "text">, cluster: Cluster): Promise<boolean> {
  return (
    cluster.members.length === 1 &&
    (await readCreated(reader))?.cluster === cluster.name &&
    (await hasProxmoxTimers(reader))
  );
}

/** No reason to call a cluster failed: what went wrong, in words, or nothing. */
export async function setFoundersTimers(host: Host): Promise<string> {
  const trouble = await publishPatiently(host, { lockMs: REST_MS, restMs: REST_MS }, () => undefined);
  if (trouble === undefined) return "";
  return `, with Proxmox's own timers (${trouble instanceof Error ? trouble.message : String(trouble)})`;
}

/** Gives what stood in the way last, when the time for that is over. */
async function publishPatiently(
  host: Host,
  { lockMs, restMs }: Patience,
  doing: (words: string) => void,
): Promise<unknown> {
  const begun = performance.now();
  for (;;) {
    const trouble = await publishFoundersTimers(host).then(
      () => undefined,
      (error: unknown) => error,
    );
    const isLock = trouble instanceof UserError && trouble.code === "E_TUNE_UNDERWAY";
    if (trouble === undefined || performance.now() - begun >= (isLock ? lockMs : restMs)) return trouble;
    if (isLock) doing("waiting for the lock of corosync.conf, which ends 2 min after its holder");
    await Bun.sleep(1_000);
  }
}

async function publishFoundersTimers(host: Host): Promise<void> {
  const old = (await host.text(MASTER_CONF)) ?? "";
  const { texts } = tuneTexts(old, settingsEdit(FOUNDERS_SETTINGS));
  await publishConf(host, old, texts.new, {
    what: "timers for long distances",
    undo: "tailmox tune --to pve-9",
  });
}

/** Proxmox writes a coefficient at most, never a token (proxmox.md 3). */
async function hasProxmoxTimers(reader: Pick<Reader, "text">): Promise<boolean> {
  const text = await reader.text(MASTER_CONF);
  return text !== undefined && !/^\s*token:/m.test(text);
}
