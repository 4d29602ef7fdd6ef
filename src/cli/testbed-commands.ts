import type { Command } from "commander";
import { changing, inherit } from "./common-flags.ts";

type Done = (status: number) => void;

/** Adds `tailmox testbed`: test VMs on a Proxmox host. */
export function addTestbedCommands(program: Command, done: Done): void {
  const testbed = inherit(program.command("testbed"))
    .description("Test VMs on a Proxmox host: made, tried, taken back and removed by command.")
    .addHelpText("after", TESTBED_EXAMPLES);
  addCreate(testbed, done);
  addRevert(testbed, done);
  addSwitches(testbed, done);
  addInside(testbed, done);
  addTry(testbed, done);
  const destroy = changing(withTailnet(inherit(testbed.command("destroy").argument("[NODE...]"))))
    .description("Destroy the testbed's VMs, and nothing else, after showing them.")
    .addHelpText("after", DESTROY_EXAMPLES);
  destroy.action(async (names: unknown, options: unknown) => {
    const { runTestbedDestroy } = await import("./commands/testbed-destroy.ts");
    done(await runTestbedDestroy(names, options));
  });
}

function addCreate(testbed: Command, done: Done): void {
  const create = changing(inherit(testbed.command("create")))
    .description("Make test VMs of a template or a disk image, each a Proxmox host of its own.")
    .option("--template <VMID>", "clone this template, linked where its storage can")
    .option("--image <FILE>", "or copy this disk image into each, raw or qcow2")
    .option("--nodes <COUNT>", "how many", "3")
    .option("--prefix <NAME>", "their names: NAME1, NAME2, ...", "tailmox-test")
    .option("--vmid <FIRST>", "number of the first, the others follow (default: what is free)")
    .option("--storage <NAME>", "where the disks lie (default: where the template lies)")
    .option("--bridge <NAME>", "network of VMs made of an image", "vmbr0")
    .option("--memory <MIB>", "memory of VMs made of an image", "4096")
    .option("--cores <COUNT>", "cores of VMs made of an image", "2")
    .option("--snapshot <NAME>", "the snapshot that revert goes back to", "ready-for-testing")
    .option("--accept-risk <NAME...>", "no-nested: make them where they cannot start guests")
    .option("--boot-timeout <TIME>", "how long a VM may take to boot (default: 5m)")
    .addHelpText("after", CREATE_EXAMPLES);
  create.action(async (options: unknown) => {
    const { runTestbedCreate } = await import("./commands/testbed-create.ts");
    done(await runTestbedCreate(options));
  });
}

function addRevert(testbed: Command, done: Done): void {
  const revert = changing(withTailnet(inherit(testbed.command("revert").argument("[NODE...]"))))
    .description("Take VMs back to their snapshot, all at once, and start them.")
    .option("--snapshot <NAME>", "another snapshot than the one that create made")
    .option("--boot-timeout <TIME>", "how long a VM may take to boot (default: 5m)")
    .addHelpText("after", REVERT_EXAMPLES);
  revert.action(async (names: unknown, options: unknown) => {
    const { runTestbedRevert } = await import("./commands/testbed-revert.ts");
    done(await runTestbedRevert(names, options));
  });
}

function addSwitches(testbed: Command, done: Done): void {
  const status = inherit(testbed.command("status"))
    .description("Show the testbed's VMs: power, address, tailnet, snapshots. Changes nothing.")
    .addHelpText("after", TESTBED_EXAMPLES);
  status.action(async (options: unknown) => {
    const { runTestbedStatus } = await import("./commands/testbed-status.ts");
    done(await runTestbedStatus(options));
  });
  const start = changing(inherit(testbed.command("start").argument("[NODE...]")))
    .description("Start VMs of the testbed, and wait until they answer.")
    .option("--boot-timeout <TIME>", "how long a VM may take to boot (default: 5m)")
    .addHelpText("after", SWITCH_EXAMPLES);
  start.action(async (names: unknown, options: unknown) => {
    const { runTestbedStart } = await import("./commands/testbed-switch.ts");
    done(await runTestbedStart(names, options));
  });
  const stop = changing(inherit(testbed.command("stop").argument("[NODE...]")))
    .description("Shut VMs of the testbed down; after 90 s as by their power switch.")
    .addHelpText("after", SWITCH_EXAMPLES);
  stop.action(async (names: unknown, options: unknown) => {
    const { runTestbedStop } = await import("./commands/testbed-switch.ts");
    done(await runTestbedStop(names, options));
  });
}

function addInside(testbed: Command, done: Done): void {
  const run = inherit(testbed.command("run").argument("<COMMAND...>"))
    .description("Run a command as root in all VMs at once; its output comes VM by VM.")
    .option("--on <NODE...>", "only on these")
    .option("--timeout <TIME>", "how long it may take (default: 10m)")
    .addHelpText("after", RUN_EXAMPLES);
  run.action(async (words: unknown, options: unknown) => {
    const { runTestbedRun } = await import("./commands/testbed-inside.ts");
    done(await runTestbedRun(words, options));
  });
  const ssh = inherit(testbed.command("ssh").argument("<NODE>").argument("[COMMAND...]"))
    .description("Open a root shell in one VM, or run one command there on this terminal.")
    .addHelpText("after", SSH_EXAMPLES);
  ssh.action(async (name: unknown, words: unknown) => {
    const { runTestbedSsh } = await import("./commands/testbed-inside.ts");
    done(await runTestbedSsh(name, words));
  });
}

function addTry(testbed: Command, done: Done): void {
  const trial = changing(withTailnet(inherit(testbed.command("try"))))
    .description("The whole acceptance run: revert, copy this executable, up on all, verify, report.")
    .option("--auth-key-file <FILE>", "reusable auth key with the tag; - reads it from standard input")
    .option("--login-server <URL>", "control server, where it is not Tailscale's own (headscale)")
    .option("--tag <TAG>", "tag of the test VMs, which no other host may bear", "tag:tailmox-test")
    .option("--cluster-name <NAME>", "name of their cluster, at most 15 characters", "tailmox-test")
    .option("--snapshot <NAME>", "another snapshot to begin with than the one that create made")
    .option("--report <FILE>", "write the report there, too: Markdown, or JSON by its name")
    .option("--boot-timeout <TIME>", "how long a VM may take to boot (default: 5m)")
    .addHelpText("after", TRY_EXAMPLES);
  trial.action(async (options: unknown) => {
    const { runTestbedTry } = await import("./commands/testbed-try.ts");
    done(await runTestbedTry(options));
  });
}

function withTailnet(command: Command): Command {
  return command
    .option("--credentials <FILE>", "API token of the tailnet: stale devices of the VMs are removed by it")
    .option("--api-url <URL>", "the control server's API (default: TAILMOX_API_URL, else Tailscale's own)");
}

const TESTBED_EXAMPLES = `
Run on a Proxmox host as root. Only VMs that bear the testbed's mark in their
description are ever touched. More: docs/testbed.md

Examples:
  tailmox testbed create --template 9000 --nodes 3
  tailmox testbed status
  tailmox testbed try --auth-key-file key
  tailmox testbed revert --yes
  tailmox testbed destroy`;

const CREATE_EXAMPLES = `
Looks first: storage, space, memory, bridge, nested virtualisation. A second run
finishes what the first began. How to make a template: docs/testbed-template.md

Examples:
  tailmox testbed create --template 9000 --nodes 3
  tailmox testbed create --image /root/pve.qcow2 --nodes 2 --storage local-zfs
  tailmox testbed create --template 9000 --prefix lab --vmid 201 --dry-run`;

const REVERT_EXAMPLES = `
Says what is thrown away. Newer snapshots of the testbed are deleted first;
somebody else's newer one stops it before anything is changed.

Scopes of the API token: devices:core.

Examples:
  tailmox testbed revert
  tailmox testbed revert --yes --credentials token
  tailmox testbed revert tailmox-test2 --snapshot staged`;

const SWITCH_EXAMPLES = `
Examples:
  tailmox testbed start
  tailmox testbed stop tailmox-test3 --yes`;

const RUN_EXAMPLES = `
Exit status 0 only when the command ended with 0 in every VM, else 1.

Examples:
  tailmox testbed run -- pveversion
  tailmox testbed run --on tailmox-test1 -- journalctl -u corosync -n 20`;

const SSH_EXAMPLES = `
Examples:
  tailmox testbed ssh tailmox-test1
  tailmox testbed ssh tailmox-test1 -- tail /var/log/tailmox.log`;

const TRY_EXAMPLES = `
The key has to be reusable, and its tag in tagOwners of the policy. Refuses when
a host that is not of this testbed bears the tag. Ends with a report without
secrets, to be pasted into a bug report.

Scopes of the API token: devices:core.

Examples:
  tailmox testbed try --auth-key-file key --credentials token
  tailmox testbed try --auth-key-file key --report trial.md --yes
  tailmox testbed try --login-server https://headscale.example.com \\
      --auth-key-file key --dry-run`;

const DESTROY_EXAMPLES = `
Examples:
  tailmox testbed destroy
  tailmox testbed destroy tailmox-test3 --yes --credentials token`;
