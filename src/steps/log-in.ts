import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host, Writer } from "../host/host.ts";
import { readTailnet } from "../tailnet/facts.ts";
import type { LoginAnswer } from "../tailnet/login.ts";
import type { TailnetStatus } from "../tailnet/status.ts";
import { notApproved } from "./await-approval.ts";
import type { Step } from "./step.ts";
import { type LoginPatience, tailscaleUp, waitWords } from "./tailscale-up.ts";

export interface LoginSpec {
  /** undefined: by a link that somebody opens. */
  readonly authKey: string | undefined;
  /** undefined: Tailscale's own control server. */
  readonly loginServer: string | undefined;
  readonly tag: string;
  readonly patience: LoginPatience;
}

/** A fresh login, by key or by link, with the settings that a cluster needs from the first moment on. */
export function logIn(spec: LoginSpec): Step {
  const way = spec.authKey === undefined ? ", by a link that somebody opens" : "";
  return {
    name: "log in",
    title: `log in to ${spec.loginServer ?? "Tailscale"} as ${spec.tag}${way}`,
    why: "with accept-dns, accept-routes, shields-up and auto-update off: each of them can break a cluster",
    usually: spec.authKey === undefined ? "as long as you need" : "usually 2-5 s",
    check: async (host) => {
      const facts = await readTailnet(host);
      return facts.kind === "answers" && facts.status.state === "Running";
    },
    do: async (host, doing) => {
      const status = await host.change(
        { what: "log in to the tailnet", undo: "tailscale logout" },
        async (writer) => {
          const { authKey } = spec;
          if (authKey === undefined) return loginByLink(host, writer, spec, doing);
          return withKeyFile(writer, authKey, (keyFile) => loginByKey(host, writer, spec, keyFile, doing));
        },
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

/** Whoever opens the link must own the tag; both kinds of control server take the wish here (tailscale.md 8.4). */
async function loginByLink(
  host: Host,
  writer: Writer,
  spec: LoginSpec,
  doing: (words: string) => void,
): Promise<TailnetStatus> {
  doing("asking for a login link");
  const flags = loginFlags(spec, { askForTag: true });
  assertLoggedIn(await tailscaleUp(writer, flags, { ...spec, byLink: true }, spec.patience, doing), spec);
  return running(host);
}

/**
 * Which control server wants the tag asked for, and which refuses that for a key that carries it, cannot be
 * known beforehand (tailscale.md 8.4). The vendor's takes both, so there the tag is asked for at once; on
 * another one the key speaks first, and the tag is asked for only when the key brought none.
 */
async function loginByKey(
  host: Host,
  writer: Writer,
  spec: LoginSpec,
  keyFile: string,
  doing: (words: string) => void,
): Promise<TailnetStatus> {
  const attempt = (how: { askForTag: boolean; again?: boolean }) => {
    const flags = [`--auth-key=file:${keyFile}`, ...loginFlags(spec, how)];
    return tailscaleUp(writer, flags, { ...spec, byLink: false }, spec.patience, doing);
  };
  const askFirst = spec.loginServer === undefined;
  doing("logging in");
  const first = await attempt({ askForTag: askFirst });
  if (first.kind === "tags refused" && askFirst) {
    doing("logging in with the key's own tags");
    assertLoggedIn(await attempt({ askForTag: false }), spec);
  } else {
    assertLoggedIn(first, spec);
  }
  const status = await running(host);
  if (status.self.tags.includes(spec.tag) || askFirst) return status;
  doing(`asking for ${spec.tag}`);
  // Nobody can be connected through this login yet: it is seconds old. So a new login cuts nobody off.
  const second = await attempt({ askForTag: true, again: true });
  return second.kind === "ok" ? await running(host) : status;
}

function loginFlags(
  spec: LoginSpec,
  { askForTag, again }: { askForTag: boolean; again?: boolean },
): string[] {
  return [
    ...(spec.loginServer === undefined ? [] : [`--login-server=${spec.loginServer}`]),
    ...(again ? ["--force-reauth"] : []),
    // Named even when empty, lest an earlier attempt's wish be taken for a setting to keep.
    `--advertise-tags=${askForTag ? spec.tag : ""}`,
    "--accept-dns=false",
    "--accept-routes=false",
    "--shields-up=false",
  ];
}

function assertLoggedIn(answer: LoginAnswer, { loginServer, patience }: LoginSpec): void {
  if (answer.kind === "ok") return;
  if (answer.kind === "nobody came" && answer.waitingFor !== "control server") {
    throw answer.waitingFor === "login" ? notOpened(patience) : notApproved(loginServer, patience);
  }
  const words = answer.kind === "nobody came" ? "it did not answer in 60 s" : answer.words;
  throw new UserError("E_LOGIN_FAILED", `${loginServer ?? "Tailscale"} did not let this host in`, {
    likely: `${words.split("\n").slice(-3).join("\n") || "tailscale up gave no reason"}`,
    mend: MENDS[answer.kind],
  });
}

const MENDS: Record<Exclude<LoginAnswer["kind"], "ok">, string> = {
  "key refused": "make a new auth key (reusable, pre-approved, with the tag), then run tailmox up again",
  "tags refused":
    "let the key carry the tag, or add the tag to tagOwners in the policy; then tailmox up again",
  "nobody came": "look whether this host reaches the control server, then run tailmox up again",
  failed: "look at: tailscale status; journalctl -u tailscaled. Then run tailmox up again",
};

function notOpened({ personMs }: LoginPatience): UserError {
  return new UserError("E_LOGIN_TIMEOUT", `nobody logged in at the link within ${waitWords(personMs)}`, {
    likely: "the link was not opened, or the login was not finished",
    mend: "tailmox up shows a new link; --login-timeout 30m waits longer; --auth-key-file FILE needs nobody",
  });
}

async function running(host: Host): Promise<TailnetStatus> {
  const status = await poll(30_000, 500, async () => {
    const facts = await readTailnet(host);
    const isUp = facts.kind === "answers" && facts.status.state === "Running" && facts.status.self.address;
    return facts.kind === "answers" && isUp ? facts.status : undefined;
  });
  if (status) return status;
  throw new UserError("E_LOGIN_FAILED", "the login went through, but no tailnet address came within 30 s", {
    likely: "the control server is slow, or IPv4 is switched off for this host",
    mend: "tailscale status; then run tailmox up again",
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
