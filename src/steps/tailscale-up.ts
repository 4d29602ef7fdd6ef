import { UserError } from "../errors.ts";
import type { Argv, Reader, Writer } from "../host/host.ts";
import { stopAsked } from "../host/interrupt.ts";
import type { RunResult } from "../host/run.ts";
import {
  adminPage,
  type LoginAnswer,
  readLoginAnswer,
  unmentionedFlags,
  type WaitingFor,
} from "../tailnet/login.ts";
import { parseStatus } from "../tailnet/status.ts";

/** How long others are waited for while a host logs in, and how they are told. */
export interface LoginPatience {
  /** For a person who opens the login link or approves the host, in ms. */
  readonly personMs: number;
  /** Shows a page that a person has to open. */
  readonly visit: (words: string, url: string) => void;
}

/**
 * `tailscale up`, which itself waits for ever, bounded: for the control server 60 s, for a person as long as
 * `patience` says, with the page shown that this person has to open. Settings that somebody else made are kept,
 * as `up` demands (tailscale.md 1.4.1). A refusal counts when it comes twice. A Ctrl-C ends the wait: throws
 * E_INTERRUPTED.
 */
export async function tailscaleUp(...attempt: Parameters<typeof attemptOnce>): Promise<LoginAnswer> {
  const answer = await attemptOnce(...attempt);
  if (answer.kind !== "key refused" && answer.kind !== "tags refused") return answer;
  await Bun.sleep(STALE_MS);
  return attemptOnce(...attempt);
}

/**
 * tailscaled 1.102.3 may tell what became of the attempt before: right after a wrong key 3 of 60 good ones were refused
 * in its words, and taken a second later, keys for one use as well.
 */
const STALE_MS = 1_000;

async function attemptOnce(
  writer: Writer,
  flags: readonly string[],
  spec: { readonly byLink: boolean; readonly loginServer: string | undefined },
  patience: LoginPatience,
  doing: (words: string) => void,
): Promise<LoginAnswer> {
  const first = await bounded(writer, flags, spec, patience, doing);
  const others = unmentionedFlags(first.stderr, [...flags, "--timeout"]);
  const { exitCode, stderr, waitingFor } =
    others.length === 0 ? first : await bounded(writer, [...flags, ...others], spec, patience, doing);
  return waitingFor === undefined ? readLoginAnswer(exitCode, stderr) : { kind: "nobody came", waitingFor };
}

async function bounded(
  writer: Writer,
  flags: readonly string[],
  { byLink, loginServer }: { byLink: boolean; loginServer: string | undefined },
  { personMs, visit }: LoginPatience,
  doing: (words: string) => void,
): Promise<Pick<RunResult, "exitCode" | "stderr"> & { waitingFor?: WaitingFor }> {
  // Bounded a second time by its own flag: should tailmox die, it does not stay behind for ever.
  const longestMs = Math.max(personMs, SERVER_MS) + 5_000;
  const argv: Argv = ["tailscale", "up", ...flags, `--timeout=${Math.ceil(longestMs / 1000)}s`];
  const ended = new AbortController();
  const ending = writer.run(argv, { timeoutMs: longestMs + 5_000, signal: ended.signal });
  let waitingFor: WaitingFor = "control server";
  let since = performance.now();
  let shown = "";
  for (;;) {
    const result = await Promise.race([ending, Bun.sleep(500).then(() => undefined)]);
    if (result) return result;
    const now = await whatFor(writer, byLink, loginServer);
    if (now.waitingFor !== waitingFor) since = performance.now();
    waitingFor = now.waitingFor;
    if (now.url !== shown && now.url !== "") {
      shown = now.url;
      visit(`${WORDS[waitingFor]} (within ${waitWords(personMs)})`, now.url);
    }
    if (waitingFor !== "control server") doing(DOING[waitingFor]);
    const late = performance.now() - since > (waitingFor === "control server" ? SERVER_MS : personMs);
    if (!late && !stopAsked()) continue;
    ended.abort();
    await ending;
    if (stopAsked()) throw stopped();
    return { exitCode: null, stderr: "", waitingFor };
  }
}

/** Waits until an administrator has approved this host. Gives false when `personMs` have gone by. */
export async function untilApproved(
  reader: Reader,
  loginServer: string | undefined,
  { personMs, visit }: LoginPatience,
): Promise<boolean> {
  const deadline = performance.now() + personMs;
  visit(`${WORDS.approval} (within ${waitWords(personMs)})`, adminPage(loginServer));
  while (performance.now() < deadline) {
    if (stopAsked()) throw stopped();
    if ((await whatFor(reader, false, loginServer)).waitingFor !== "approval") return true;
    await Bun.sleep(500);
  }
  return false;
}

async function whatFor(
  reader: Reader,
  byLink: boolean,
  loginServer: string | undefined,
): Promise<{ waitingFor: WaitingFor; url: string }> {
  const { stdout } = await reader.run(["tailscale", "status", "--json", "--peers=false"], {
    timeoutMs: 10_000,
  });
  const status = parseStatus(stdout);
  if (status?.state === "NeedsMachineAuth") return { waitingFor: "approval", url: adminPage(loginServer) };
  if (byLink && status?.state === "NeedsLogin" && status.authUrl !== "") {
    return { waitingFor: "login", url: status.authUrl };
  }
  return { waitingFor: "control server", url: "" };
}

const SERVER_MS = 60_000;

const WORDS: Record<WaitingFor, string> = {
  login: "Open this page and log in",
  approval: "An administrator of the tailnet has to approve this host",
  "control server": "",
};

const DOING: Record<Exclude<WaitingFor, "control server">, string> = {
  login: "waiting for somebody to open the login link",
  approval: "waiting for an administrator's approval",
};

/** A wait in words: "10 min". */
export function waitWords(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

function stopped(): UserError {
  return new UserError("E_INTERRUPTED", "stopped while waiting for the login, as you asked", {
    likely: "Ctrl-C, a signal, or a closed terminal",
    mend: "tailmox up goes on from there, with a new login link",
  });
}
