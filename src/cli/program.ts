import { Command, CommanderError, Option } from "commander";
import { RISKS } from "../up/risks.ts";
import { addForecastCommands } from "./forecast-commands.ts";
import { addLatencyCommand } from "./latency-command.ts";
import { reportError } from "./report-error.ts";
import { addTailnetCommands } from "./tailnet-commands.ts";
import { VERSION } from "./version.ts";

/** Reads argv (without program and script), runs the command, and gives the exit status. Never throws. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let status = 0;
  const json = argv.includes("--json");
  const program = makeProgram((code) => {
    status = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return status;
  } catch (error) {
    // commander has printed its own words already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, json);
  }
}

function makeProgram(done: (status: number) => void): Command {
  const program = new Command("tailmox")
    .description("Makes one Proxmox VE cluster of hosts in different places, over Tailscale.")
    .version(`tailmox ${VERSION}`, "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: 80 })
    .exitOverride()
    .addHelpText("after", PROGRAM_EXAMPLES);
  addUp(program, done);
  addUndo(program, done);
  addStatus(program, done);
  addLatencyCommand(program, done, inherit);
  addForecastCommands(program, done, inherit);
  addTailnetCommands(program, done, inherit);
  return program;
}

function addUp(program: Command, done: (status: number) => void): void {
  const command = program
    .command("up", { isDefault: true })
    .description("Make this host a member: Tailscale, checks, then create or join.")
    .addHelpText("after", UP_EXAMPLES);
  for (const [flags, words] of UP_OPTIONS) command.addOption(new Option(flags, words));
  common(command).action(async (options: unknown) => {
    const { runUp } = await import("./commands/up.ts");
    done(await runUp(options));
  });
}

function addUndo(program: Command, done: (status: number) => void): void {
  const command = program
    .command("undo")
    .description("Take back what up changed on this host, which is in no cluster.")
    .option("--tailscale", "Tailscale, too: log out, remove it and its apt repository")
    .option("--accept-risk <NAME...>", "agree to a risk that --yes does not cover: lose-ssh")
    .addHelpText("after", UNDO_EXAMPLES);
  common(command).action(async (options: unknown) => {
    const { runUndo } = await import("./commands/undo.ts");
    done(await runUndo(options));
  });
}

function addStatus(program: Command, done: (status: number) => void): void {
  const command = program
    .command("status")
    .description("Show the cluster, its members, and the links to them.")
    .addHelpText("after", STATUS_EXAMPLES);
  command.option("--json", "print the result as JSON, and nothing else, on stdout");
  inherit(command).action(async (options: unknown) => {
    const { runStatus } = await import("./commands/status.ts");
    done(await runStatus(options));
  });
}

function common(command: Command): Command {
  return inherit(command)
    .option("--yes", "agree to the plans shown")
    .option("--dry-run", "show the plan and change nothing")
    .option("--json", "print the result as JSON, and nothing else, on stdout")
    .option("--verbose", "tell more: every change as it is made")
    .option("--log-file <FILE>", "where to write the log", "/var/log/tailmox.log");
}

function inherit(command: Command): Command {
  return command.helpOption("--help", "print this help").exitOverride().configureHelp({ helpWidth: 80 });
}

const UP_OPTIONS: readonly (readonly [string, string])[] = [
  ["--auth-key-file <FILE>", "auth key for the tailnet, from a file; - reads it from standard input"],
  ["--auth-key <KEY>", "the key itself; anybody on this host can see it for a moment: prefer the file"],
  ["--login-timeout <TIME>", "how long to wait for a login by link, or for approval (default: 10m)"],
  ["--login-server <URL>", "control server, where it is not Tailscale's own (headscale)"],
  ["--web <WAY>", "web page on the tailnet: serve (443), cert (8006) or none (default: serve, if it can)"],
  ["--staging", "end when Tailscale is logged in and the certificate is fetched; join later"],
  ["--cluster-name <NAME>", "name of a new cluster, at most 15 characters (default: tailmox)"],
  ["--create", "create the cluster here, even when no peer is visible or another host is elected"],
  ["--join-timeout <TIME>", "how long a join may take before it is ended and undone (default: 120s)"],
  ["--join <PEER>", "join the cluster of this peer: its tailnet name or address"],
  ["--accept-risk <NAME...>", `agree to a risk that --yes does not cover: ${RISKS.join(", ")}`],
  ["--password-file <FILE>", "root's password of the peers: one line, or lines NAME=PASSWORD"],
];

const PROGRAM_EXAMPLES = `
Examples:
  tailmox up --auth-key-file key --create   on the first host
  tailmox up --auth-key-file key            on each further host
  tailmox status

Errors and exit codes: docs/errors.md`;

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
  tailmox up --login-server https://headscale.example.com --auth-key-file key
      with headscale
  tailmox up --dry-run
      only look and show the plan`;

const UNDO_EXAMPLES = `
Takes back the names in /etc/hosts, the web page on the tailnet, its certificate
and the order of corosync. A member leaves its cluster first.

Examples:
  tailmox undo --dry-run
  tailmox undo
  tailmox undo --tailscale`;

const STATUS_EXAMPLES = `
Examples:
  tailmox status
  tailmox status --json`;
