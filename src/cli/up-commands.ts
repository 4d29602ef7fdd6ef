import { type Command, Option } from "commander";
import { RISKS } from "../up/risks.ts";
import { changing, inherit } from "./common-flags.ts";

/** Adds `tailmox up`, which is also what `tailmox` alone does, `tailmox admit` and `tailmox undo`. */
export function addUpCommands(program: Command, done: (status: number) => void): void {
  addUp(program, done);
  addAdmit(program, done);
  addUndo(program, done);
}

function addUp(program: Command, done: (status: number) => void): void {
  const command = program
    .command("up", { isDefault: true })
    .description("Make this host a member: Tailscale, checks, then create or join.")
    .addHelpText("after", UP_EXAMPLES);
  for (const [flags, words] of UP_OPTIONS) command.addOption(new Option(flags, words));
  changing(inherit(command)).action(async (options: unknown) => {
    const { runUp } = await import("./commands/up.ts");
    done(await runUp(options));
  });
}

function addAdmit(program: Command, done: (status: number) => void): void {
  const command = program
    .command("admit")
    .description("On a member: let a host in that asks, without a password.")
    .option("--peer <NAME>", "only this one: its tailnet name or address")
    .option("--tag <TAG>", "tag of the hosts that belong together", "tag:tailmox")
    .option("--wait <TIME>", "how long to wait for it to ask, and then for its join to end", "10m")
    .addHelpText("after", ADMIT_EXAMPLES);
  changing(inherit(command)).action(async (options: unknown) => {
    const { runAdmit } = await import("./commands/admit.ts");
    done(await runAdmit(options));
  });
}

function addUndo(program: Command, done: (status: number) => void): void {
  const command = program
    .command("undo")
    .description("Take back what up changed on this host, which is in no cluster.")
    .option("--tailscale", "Tailscale, too: log out, remove it and its apt repository")
    .option("--accept-risk <NAME...>", "agree to a risk that --yes does not cover: lose-ssh")
    .addHelpText("after", UNDO_EXAMPLES);
  changing(inherit(command)).action(async (options: unknown) => {
    const { runUndo } = await import("./commands/undo.ts");
    done(await runUndo(options));
  });
}

const UP_OPTIONS: readonly (readonly [string, string])[] = [
  ["--auth-key-file <FILE>", "auth key for the tailnet, from a file; - reads it from standard input"],
  ["--auth-key <KEY>", "the key itself; anybody on this host can see it for a moment: prefer the file"],
  ["--login-timeout <TIME>", "how long to wait for a login by link, or for approval (default: 10m)"],
  ["--login-server <URL>", "control server, where it is not Tailscale's own (headscale)"],
  ["--web <WAY>", "web page on the tailnet: serve (443), cert (8006) or none (default: serve, if it can)"],
  [
    "--service <SERVICE>",
    "offer this Service, such as svc:tailmox: one name for the web pages of all members",
  ],
  ["--staging", "end when Tailscale is logged in and the certificate is fetched; join later"],
  ["--cluster-name <NAME>", "name of a new cluster, at most 15 characters (default: tailmox)"],
  ["--create", "create the cluster here, even when no peer is visible or another host is elected"],
  ["--without <NAME...>", "create though nothing is known of this peer, or it is not reached"],
  ["--wait <TIME>", "how long to wait for the host that creates, or for joins before this one (default: 5m)"],
  ["--join-timeout <TIME>", "how long a join may take before it is ended and undone (default: 120s)"],
  ["--join <PEER>", "join the cluster of this peer: its tailnet name or address"],
  ["--tag <TAG>", "tag of the hosts that belong together (default: tag:tailmox)"],
  ["--accept-risk <NAME...>", `agree to a risk that --yes does not cover: ${RISKS.join(", ")}`],
  ["--password-file <FILE>", "root's password of the peers: one line, or lines NAME=PASSWORD"],
];

const UP_EXAMPLES = `
Shows what it found, then a plan, then asks. Run again, it goes on where it
stopped; a host that is a member already is left as it is.

Without an auth key it shows a login link, and waits until somebody opens it.
The key is also read from the environment variable TAILMOX_AUTH_KEY.

Examples:
  tailmox up --auth-key-file key --create
      the first host: creates the cluster "tailmox"
  tailmox up --auth-key-file key --password-file peers
      a further host: joins, with root's password of a member
  tailmox up --yes --auth-key-file key --password-file peers
      on all hosts at once: one creates, the others wait and join one by one
  tailmox up --login-server https://headscale.example.com --auth-key-file key
      with headscale
  tailmox up --dry-run
      only look and show the plan`;

const ADMIT_EXAMPLES = `
Waits until tailmox up on another host with the tag asks to be let in, shows who
that is, and asks you. Its root key is accepted for the time of its join, from
its tailnet address alone; it goes again when the join fails, when the time is
over, and when this program is killed.

Examples:
  tailmox admit
      whoever asks, after a question
  tailmox admit --peer pve3 --yes
      this host and no other, without a question
  tailmox admit --peer pve3 --wait 1h`;

const UNDO_EXAMPLES = `
Takes back the names in /etc/hosts, the web page on the tailnet, its certificate
and the order of corosync. A member leaves its cluster first.

Examples:
  tailmox undo --dry-run
  tailmox undo
  tailmox undo --tailscale`;
