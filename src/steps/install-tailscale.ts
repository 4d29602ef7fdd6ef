import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Argv, Host, Writer } from "../host/host.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { type Codename, fetchKeyring, KEYRING_PATH, LIST_PATH, sourcesList } from "../tailnet/vendor.ts";
import type { Step } from "./step.ts";

/** Tailscale from the vendor's apt repository. Source: tailscale.md 7. */
export function installTailscale(codename: Codename): Step {
  return {
    name: "install Tailscale",
    title: "install Tailscale from pkgs.tailscale.com with apt",
    usually: "usually 10-30 s",
    check: async (host) => (await readTailnet(host)).kind !== "not installed",
    do: async (host, doing) => {
      doing("fetching the repository's key");
      const keyring = await fetchKeyring(codename);
      await host.change(
        { what: "add Tailscale's apt repository", undo: `rm ${KEYRING_PATH} ${LIST_PATH}` },
        async (writer) => {
          await writer.write(KEYRING_PATH, keyring, 0o644);
          await writer.write(LIST_PATH, sourcesList(codename), 0o644);
        },
      );
      await host.change(
        { what: "install the package tailscale", undo: "apt-get purge tailscale tailscale-archive-keyring" },
        (writer) => installPackage(writer, doing),
      );
      doing("waiting for tailscaled");
      return `Tailscale ${await runningVersion(host)} installed`;
    },
    undo: (host) =>
      host.change({ what: "remove Tailscale and its repository", undo: "tailmox up" }, async (writer) => {
        await apt(writer, ["purge", "-y", "tailscale", "tailscale-archive-keyring"]);
        await writer.remove(KEYRING_PATH);
        await writer.remove(LIST_PATH);
      }),
  };
}

async function installPackage(writer: Writer, doing: (words: string) => void): Promise<void> {
  doing("reading the repository");
  // This list only: Proxmox's enterprise repository fails without subscription, and is not our business.
  await apt(writer, [
    "update",
    "-o",
    "Dir::Etc::sourcelist=sources.list.d/tailscale.list",
    "-o",
    "Dir::Etc::sourceparts=-",
    "-o",
    "APT::Get::List-Cleanup=0",
  ]);
  doing("installing the package");
  await apt(writer, ["install", "-y", "tailscale", "tailscale-archive-keyring"]);
}

async function apt(writer: Writer, words: readonly string[]): Promise<void> {
  // Another apt may hold the lock (unattended upgrades): waiting is right, for ever is not.
  const argv: Argv = ["apt-get", "-o", "DPkg::Lock::Timeout=120", ...words];
  const result = await writer.run(argv, {
    timeoutMs: 420_000,
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
  });
  const broken = result.stdout
    .concat(result.stderr)
    .split("\n")
    .filter((line) => /^(?:E|W|Err)[: ]/.test(line));
  // apt-get update exits 0 when a repository could not be reached.
  if (result.exitCode === 0 && !(words[0] === "update" && broken.length > 0)) return;
  throw new UserError("E_TAILSCALE_INSTALL", `apt-get ${words[0]} failed`, {
    likely: broken.slice(-3).join("\n") || result.stderr.trim() || "apt printed nothing",
    mend: "run it by hand, mend what it says, then run tailmox up again: it goes on from there",
  });
}

async function runningVersion(host: Host): Promise<string> {
  const version = await poll(30_000, 500, async () => {
    const facts = await readTailnet(host);
    return facts.kind === "answers" ? facts.status.version.split("-")[0] : undefined;
  });
  if (version !== undefined) return version;
  throw new UserError("E_TAILSCALE_DOWN", "tailscaled was installed but does not answer after 30 s", {
    likely: "the service tailscaled does not start, often because /dev/net/tun is missing",
    mend: "systemctl status tailscaled; journalctl -u tailscaled",
  });
}
