import type { Command } from "commander";
import { BACKUP_DIR } from "../tailnet/admin/policy-backups.ts";
import { changing } from "./common-flags.ts";

type Inherit = (command: Command) => Command;
type Done = (status: number) => void;

/** Adds the commands for the tailnet itself: policy, service, key, devices. */
export function addTailnetCommands(program: Command, done: Done, inherit: Inherit): void {
  addPolicy(program, done, inherit);
  addService(program, done, inherit);
  addKey(program, done, inherit);
  addDevices(program, done, inherit);
}

function addPolicy(program: Command, done: Done, inherit: Inherit): void {
  const policy = inherit(program.command("policy"))
    .description("The tailnet's policy: print what a cluster needs, check, apply, undo.")
    .addHelpText("after", POLICY_EXAMPLES);
  const print = withFeatures(inherit(policy.command("print")))
    .description("Print the least policy that a cluster needs, as HuJSON with comments.")
    .option("--style <STYLE>", "grants or acls", "grants")
    .option("--for <SERVER>", "hosted or headscale", "hosted")
    .addHelpText("after", PRINT_EXAMPLES);
  print.action(async (options: unknown) => {
    const { runPolicyPrint } = await import("./commands/policy-print.ts");
    done(runPolicyPrint(options));
  });
  const check = withApi(withFeatures(inherit(policy.command("check").argument("[FILE]"))))
    .description("Say whether a policy lets a cluster work, by which lines, and what it lets in besides.")
    .option("--remote", "check the policy that is in force, read by API")
    .option("--for <SERVER>", "hosted or headscale: whose policy FILE is", "hosted")
    .option("--member <ADDRESS...>", "the hosts' tailnet addresses, if rules name addresses")
    .addHelpText("after", CHECK_EXAMPLES);
  check.action(async (file: unknown, options: unknown) => {
    const { runPolicyCheck } = await import("./commands/policy-check.ts");
    done(await runPolicyCheck(file, options));
  });
  const apply = changing(withApi(withFeatures(inherit(policy.command("apply")))))
    .description("Put into the tailnet's policy what a cluster lacks; all else stays as it is, to the byte.")
    .option("--style <STYLE>", "grants or acls (default: what the policy uses)")
    .option("--no-tests", "add no policy tests")
    .option("--backup-dir <DIR>", "where the old policy is kept", BACKUP_DIR)
    .addHelpText("after", APPLY_EXAMPLES);
  apply.action(async (options: unknown) => {
    const { runPolicyApply } = await import("./commands/policy-apply.ts");
    done(await runPolicyApply(options));
  });
  const undo = changing(withApi(inherit(policy.command("undo"))))
    .description("Give the tailnet the policy back that it had before `policy apply`.")
    .option("--backup-dir <DIR>", "where the old policy is kept", BACKUP_DIR)
    .addHelpText("after", UNDO_EXAMPLES);
  undo.action(async (options: unknown) => {
    const { runPolicyUndo } = await import("./commands/policy-apply.ts");
    done(await runPolicyUndo(options));
  });
}

function addService(program: Command, done: Done, inherit: Inherit): void {
  const service = inherit(program.command("service"))
    .description("The Tailscale Service: one name for the web pages of all hosts.")
    .addHelpText("after", SERVICE_EXAMPLES);
  const add = (name: string, words: string) =>
    withApi(inherit(service.command(name)))
      .description(words)
      .option("--name <SERVICE>", "the Service", "svc:tailmox")
      .option("--tag <TAG>", "tag of the hosts", "tag:tailmox");
  const define = changing(
    add("define", "Define the Service for port 443, or bring its definition in order."),
  );
  define.addHelpText("after", SERVICE_EXAMPLES).action(async (options: unknown) => {
    const { runServiceDefine } = await import("./commands/service.ts");
    done(await runServiceDefine(options));
  });
  const status = add("status", "Show each host's approval, and what still blocks the Service.")
    .option("--wait <TIME>", "wait until a host answers for it, for at most so long (90s, 5m)")
    .addHelpText("after", SERVICE_EXAMPLES);
  status.action(async (options: unknown) => {
    const { runServiceStatus } = await import("./commands/service.ts");
    done(await runServiceStatus(options));
  });
  const remove = changing(add("remove", "Remove the Service's definition; its name stops to answer."));
  remove.addHelpText("after", SERVICE_EXAMPLES).action(async (options: unknown) => {
    const { runServiceRemove } = await import("./commands/service.ts");
    done(await runServiceRemove(options));
  });
}

function addKey(program: Command, done: Done, inherit: Inherit): void {
  const key = inherit(program.command("key"))
    .description("Auth keys for hosts that are to join the tailnet.")
    .addHelpText("after", KEY_EXAMPLES);
  const create = changing(withApi(inherit(key.command("create"))))
    .description("Create a tagged, pre-approved, short-lived key, printed once or put in a file.")
    .option("--tag <TAG>", "tag of the hosts", "tag:tailmox")
    .option("--expiry <TIME>", "how long it lets hosts in (30m, 12h, 7d)", "1h")
    .option("--reusable", "for more than one host")
    .option("--out <FILE>", "write it there with mode 0600 instead of printing it")
    .addHelpText("after", KEY_EXAMPLES);
  create.action(async (options: unknown) => {
    const { runKeyCreate } = await import("./commands/key.ts");
    done(await runKeyCreate(options));
  });
  const revoke = changing(withApi(inherit(key.command("revoke").argument("<ID>"))))
    .description("Revoke a key by its id: it lets no more hosts in; those that came by it stay.")
    .addHelpText("after", KEY_EXAMPLES);
  revoke.action(async (id: unknown, options: unknown) => {
    const { runKeyRevoke } = await import("./commands/key.ts");
    done(await runKeyRevoke(id, options));
  });
}

function addDevices(program: Command, done: Done, inherit: Inherit): void {
  const devices = inherit(program.command("devices"))
    .description("The tagged devices of the tailnet.")
    .addHelpText("after", DEVICES_EXAMPLES);
  const list = withApi(inherit(devices.command("list", { isDefault: true })))
    .description("Show the tagged devices of the tailnet, and what reinstalled hosts left behind.")
    .option("--tag <TAG>", "tag of the hosts", "tag:tailmox")
    .addHelpText("after", DEVICES_EXAMPLES);
  list.action(async (options: unknown) => {
    const { runDevices } = await import("./commands/devices.ts");
    done(await runDevices(options));
  });
  const prune = changing(withApi(inherit(devices.command("prune").argument("[NAME...]"))))
    .description("Delete the devices that are named, or else those that are proven stale.")
    .option("--tag <TAG>", "tag of the hosts", "tag:tailmox")
    .option("--accept-risk <RISK>", "online: delete a named device though it is online or a member")
    .addHelpText("after", DEVICES_EXAMPLES);
  prune.action(async (names: unknown, options: unknown) => {
    const { runDevicesPrune } = await import("./commands/devices.ts");
    done(await runDevicesPrune(names, options));
  });
}

function withApi(command: Command): Command {
  return command
    .option("--api-url <URL>", "the control server's API (default: TAILMOX_API_URL, else Tailscale's own)")
    .option("--credentials <FILE>", "API token, or OAuth client secret; - reads it from standard input");
}

function withFeatures(command: Command): Command {
  return command
    .option("--tag <TAG>", "tag of the hosts", "tag:tailmox")
    .option("--admins <WHO...>", "who reaches the web page (default: autogroup:admin)")
    .option("--no-web", "nobody but the hosts reaches the web page")
    .option("--no-console", "without VNC and SPICE consoles across hosts")
    .option("--no-migration", "without insecure migration (it goes by SSH)")
    .option("--qdevice <HOST>", "an external vote: its tailnet address or tag")
    .option("--service <SERVICE>", "name of the Service (default: svc:tailmox)")
    .option("--no-service", "without Service");
}

const POLICY_EXAMPLES = `
Examples:
  tailmox policy print > policy.hujson
  tailmox policy check --remote --credentials token
  tailmox policy apply --credentials token`;

const PRINT_EXAMPLES = `
Examples:
  tailmox policy print > policy.hujson
  tailmox policy print --style acls --admins group:ops --no-service
  tailmox policy print --for headscale --qdevice 100.64.0.9`;

const CHECK_EXAMPLES = `
Without --remote nothing is asked of anybody: the file alone is read.
Exit status 4 when something that is needed is missing.

Scopes: policy_file:read; with devices:core:read the hosts' addresses are known.

Examples:
  tailmox policy check policy.hujson
  tailmox policy check --remote --credentials token
  tailmox policy check headscale.hujson --for headscale --no-web`;

const APPLY_EXAMPLES = `
Shows the difference, lets the control server validate it, asks, keeps the old
policy, and writes only if nobody else changed it meanwhile.

Scopes: policy_file, devices:core:read, devices:posture_attributes.

Examples:
  tailmox policy apply --credentials token
  tailmox policy apply --dry-run
  tailmox policy apply --api-url https://headscale.example.com --yes`;

const UNDO_EXAMPLES = `
Refuses when somebody edited the policy since.

Scopes: policy_file, devices:core:read, devices:posture_attributes.

Examples:
  tailmox policy undo --credentials token`;

const SERVICE_EXAMPLES = `
Scopes: services, devices:core:read.

Examples:
  tailmox service define --credentials token
  tailmox service status --wait 2m
  tailmox service remove --yes`;

const KEY_EXAMPLES = `
Scopes: auth_keys.

Examples:
  tailmox key create --credentials token --out key
      then on the other host: tailmox up --auth-key-file key
  tailmox key create --expiry 12h --reusable
  tailmox key revoke kXXXXXCNTRL`;

const DEVICES_EXAMPLES = `
Proven stale is a device that is offline and was never seen since another one of
its host name and tag was made, which is online. All others are deleted only by
name or id.

Scopes: devices:core:read; to delete devices:core.

Examples:
  tailmox devices --credentials token
  tailmox devices prune --dry-run
  tailmox devices prune pve3-1`;
