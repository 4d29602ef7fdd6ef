import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Argv, Host, Writer } from "../host/host.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { type LoginAnswer, readLoginAnswer } from "../tailnet/login.ts";
import type { TailnetStatus } from "../tailnet/status.ts";
import type { Step } from "./step.ts";

export interface LoginSpec {
  readonly authKey: string;
  /** undefined: Tailscale's own control server. */
  readonly loginServer: string | undefined;
  readonly tag: string;
}

/** A fresh login by key, with the settings that a cluster needs from the first moment on. */
export function logIn(spec: LoginSpec): Step {
  return {
    name: "log in",
    title: `log in to ${spec.loginServer ?? "Tailscale"} as ${spec.tag}`,
    why: "with accept-dns, accept-routes, shields-up and auto-update off: each of them can break a cluster",
    usually: "usually 2-5 s",
    check: async (host) => {
      const facts = await readTailnet(host);
      return facts.kind === "answers" && facts.status.state === "Running";
    },
    do: async (host, doing) => {
      const status = await host.change(
        { what: "log in to the tailnet", undo: "tailscale logout" },
        (writer) => withKeyFile(writer, spec.authKey, (keyFile) => login(host, writer, spec, keyFile, doing)),
      );
      await host.change(
        { what: "switch Tailscale's updates by itself off", undo: "tailscale set --auto-update" },
        (writer) => disableAutoUpdate(writer),
      );
      return `logged in as ${status.self.name}, ${status.self.address}`;
    },
    undo: (host) =>
      host.change({ what: "log out of the tailnet", undo: "tailmox up" }, async (writer) => {
        await writer.run(["tailscale", "logout"], { timeoutMs: 30_000 });
      }),
  };
}

/**
 * Which control server wants the tag asked for, and which refuses that for a key that carries it, cannot be
 * known beforehand (tailscale.md 8.4). The vendor's takes both, so there the tag is asked for at once; on
 * another one the key speaks first, and the tag is asked for only when the key brought none.
 */
async function login(
  host: Host,
  writer: Writer,
  spec: LoginSpec,
  keyFile: string,
  doing: (words: string) => void,
): Promise<TailnetStatus> {
  const askFirst = spec.loginServer === undefined;
  doing("logging in");
  const first = await tailscaleUp(writer, spec, keyFile, { askForTag: askFirst, again: false });
  if (first.kind === "tags refused" && askFirst) {
    doing("logging in with the key's own tags");
    assertLoggedIn(await tailscaleUp(writer, spec, keyFile, { askForTag: false, again: false }), spec);
  } else {
    assertLoggedIn(first, spec);
  }
  const status = await running(host);
  if (status.self.tags.includes(spec.tag) || askFirst) return status;
  doing(`asking for ${spec.tag}`);
  // Nobody can be connected through this login yet: it is seconds old. So a new login cuts nobody off.
  const second = await tailscaleUp(writer, spec, keyFile, { askForTag: true, again: true });
  return second.kind === "ok" ? await running(host) : status;
}

async function tailscaleUp(
  writer: Writer,
  spec: LoginSpec,
  keyFile: string,
  { askForTag, again }: { askForTag: boolean; again: boolean },
): Promise<LoginAnswer> {
  const argv: Argv = [
    "tailscale",
    "up",
    `--auth-key=file:${keyFile}`,
    ...(spec.loginServer === undefined ? [] : [`--login-server=${spec.loginServer}`]),
    ...(again ? ["--force-reauth"] : []),
    // Named even when empty: `up` refuses when a setting that an earlier attempt made stays unmentioned, and
    // so it must, for settings that somebody else made (tailscale.md 1.4.1). Hence no --reset.
    `--advertise-tags=${askForTag ? spec.tag : ""}`,
    "--accept-dns=false",
    "--accept-routes=false",
    "--shields-up=false",
    "--timeout=60s",
  ];
  const result = await writer.run(argv, { timeoutMs: 75_000 });
  return readLoginAnswer(result.exitCode, result.stderr);
}

function assertLoggedIn(answer: LoginAnswer, spec: LoginSpec): void {
  if (answer.kind === "ok") return;
  const where = spec.loginServer ?? "Tailscale";
  throw new UserError("E_LOGIN_FAILED", `${where} did not let this host in`, {
    likely: `${answer.words.split("\n").slice(-3).join("\n") || "tailscale up gave no reason"}`,
    mend: MENDS[answer.kind],
  });
}

const MENDS: Record<Exclude<LoginAnswer["kind"], "ok">, string> = {
  "key refused": "make a new auth key (reusable, pre-approved, with the tag), then run tailmox up again",
  "tags refused":
    "let the key carry the tag, or add the tag to tagOwners in the policy; then tailmox up again",
  failed: "look at: tailscale status; journalctl -u tailscaled. Then run tailmox up again",
};

async function running(host: Host): Promise<TailnetStatus> {
  const status = await poll(30_000, 500, async () => {
    const facts = await readTailnet(host);
    const isUp = facts.kind === "answers" && facts.status.state === "Running" && facts.status.self.address;
    return facts.kind === "answers" && isUp ? facts.status : undefined;
  });
  if (status) return status;
  throw new UserError("E_LOGIN_FAILED", "the login went through, but no tailnet address came within 30 s", {
    likely: "the host waits for an administrator's approval, or the control server is slow",
    mend: "approve the host in the admin console; then run tailmox up again",
  });
}

/** Builds without an updater of their own (a distribution's) refuse this setting: then there is none to fear. */
async function disableAutoUpdate(writer: Writer): Promise<void> {
  const argv = ["tailscale", "set", "--auto-update=false"] as const;
  const { exitCode, stderr } = await writer.run(argv, { timeoutMs: 15_000 });
  if (exitCode === 0 || stderr.includes("not supported")) return;
  throw new UserError("E_LOGIN_FAILED", "Tailscale's updates by itself could not be switched off", {
    likely: stderr.trim(),
    mend: "tailscale set --auto-update=false",
  });
}

/** The key stands in a file of root's alone while it is used, never in an argument list. */
async function withKeyFile<T>(writer: Writer, key: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = `/run/tailmox/auth-key-${process.pid}`;
  try {
    await writer.write(path, key, 0o600);
    return await use(path);
  } finally {
    await writer.remove(path);
  }
}
