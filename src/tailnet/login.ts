/** What came of `tailscale up`. */
export type LoginAnswer =
  | { readonly kind: "ok" }
  | { readonly kind: "tags refused"; readonly words: string }
  | { readonly kind: "key refused"; readonly words: string }
  | { readonly kind: "nobody came"; readonly waitingFor: WaitingFor }
  | { readonly kind: "failed"; readonly words: string };

/** What a login hangs on when it has taken its time. */
export type WaitingFor = "login" | "approval" | "control server";

/** Tells apart the ways in which a login fails. Source: tailscale.md 1.4.3 and 2. */
export function readLoginAnswer(exitCode: number | null, stderr: string): LoginAnswer {
  const words = stderr.trim();
  if (exitCode === 0) return { kind: "ok" };
  if (/requested tags \[.*\] are invalid or not permitted/.test(words))
    return { kind: "tags refused", words };
  if (/invalid (?:pre)?auth ?key|invalid key|authkey (?:expired|already used)/i.test(words)) {
    return { kind: "key refused", words };
  }
  return { kind: "failed", words };
}

/**
 * Why this key must not be used, undefined when it may. An OAuth secret makes an ephemeral node unless told
 * otherwise: the host would be deleted from the tailnet whenever it is off (tailscale.md 1.4.4).
 */
export function keyObjection(key: string, loginServer: string | undefined): string | undefined {
  if (key === "") return "the key is empty";
  if (/\s/.test(key)) return "the key contains white space";
  if (key.startsWith("tskey-api-")) return "this is an API token, not a key for a host";
  if (key.startsWith("hskey-") && loginServer === undefined) {
    return "it is a key of a headscale server, and --login-server URL is missing";
  }
  if (!key.startsWith("tskey-client-")) return undefined;
  const options = new URLSearchParams(key.split("?")[1] ?? "");
  return options.get("ephemeral") === "false"
    ? undefined
    : "this OAuth secret would make an ephemeral host, which vanishes from the tailnet when it is off";
}

/**
 * The settings that somebody made before, as flags, when `tailscale up` refused for want of them: it prints the
 * whole command, ours first. None when it did not refuse for that. Source: tailscale.md 1.4.1.
 */
export function unmentionedFlags(stderr: string, given: readonly string[]): string[] {
  if (!stderr.includes("requires mentioning all")) return [];
  const command = /^\ttailscale up (.+)$/m.exec(stderr)?.[1] ?? "";
  const names = new Set(given.map(flagName));
  return shellWords(command).filter((word) => word.startsWith("--") && !names.has(flagName(word)));
}

/** Where an administrator approves hosts; the client itself names this page (ipn.Prefs.AdminPageURL). */
export function adminPage(loginServer: string | undefined): string {
  const vendors =
    loginServer === undefined || /^https:\/\/(?:controlplane|login)\.tailscale\.com\/?$/.test(loginServer);
  return `${vendors ? "https://login.tailscale.com" : loginServer.replace(/\/+$/, "")}/admin`;
}

function flagName(flag: string): string {
  return flag.split("=")[0] ?? flag;
}

/** Words as a POSIX shell would part them; the client quotes with single quotes and backslashes. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|\\(.)/g,
      (_, quoted: string | undefined, escaped: string | undefined) => quoted ?? escaped ?? "",
    ),
  );
}
