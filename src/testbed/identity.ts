import { randomBytes } from "node:crypto";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Argv, Host, Writer } from "../host/host.ts";
import { lanAddresses } from "./guest.ts";
import { renameInHosts } from "./hosts-name.ts";

/** What a clone shares with its template until it is taken from it. */
export interface Identity {
  readonly hostname: string;
  readonly machineId: string;
  readonly hostKey: string;
  readonly addresses: readonly string[];
  /** Nodes that its own /etc/pve knows; one, itself. */
  readonly nodes: readonly string[];
}

/**
 * Makes a clone a host of its own: Tailscale's state, machine id, ssh host keys, host name, /etc/hosts, its folder in
 * /etc/pve; and lets root of this host in by key. The keys of root stay: a template's clones may log in to each other.
 * Effective with the next boot. Source: proxmox.md 16, "clones collide in the cluster".
 */
export async function giveIdentity(inside: Host, name: string, rootKey: string): Promise<void> {
  const old = (await inside.run(["uname", "-n"])).stdout.trim().split(".")[0] ?? "";
  const hosts = (await inside.text("/etc/hosts")) ?? "";
  const [address] = lanAddresses((await inside.run(["ip", "-json", "address", "show"])).stdout);
  if ((await inside.text("/etc/pve/corosync.conf")) !== undefined) throw isClustered(name);
  const change = { what: `make ${name} a host of its own`, undo: "tailmox testbed destroy" };
  await inside.change(change, async (writer) => {
    await forgetTailnet(writer);
    await newHostKeys(writer);
    await newMachineId(writer);
    await writer.write("/etc/hostname", `${name}\n`, 0o644);
    await writer.write("/etc/hosts", renameInHosts(hosts, old, name, address), 0o644);
    await must(writer, ["hostname", name]);
    await renameNode(writer, name);
    await letIn(writer, rootKey);
    await must(writer, ["sync"]);
  });
}

/** What a host calls itself, read from inside. */
export async function readIdentity(inside: Host): Promise<Identity> {
  const [uname, machineId, hostKey, addresses, nodes] = await Promise.all([
    inside.run(["uname", "-n"]),
    inside.text("/etc/machine-id"),
    inside.text("/etc/ssh/ssh_host_ed25519_key.pub"),
    inside.run(["ip", "-json", "address", "show"]),
    inside.list("/etc/pve/nodes"),
  ]);
  return {
    hostname: uname.stdout.trim(),
    machineId: machineId?.trim() ?? "",
    hostKey: hostKey?.split(" ")[1] ?? "",
    addresses: lanAddresses(addresses.stdout),
    nodes,
  };
}

/** What is wrong with hosts that should each be one of their own, in words; nothing when all is well. Pure. */
export function sharedIdentities(hosts: ReadonlyMap<string, Identity>): string[] {
  const all = [...hosts];
  return all.flatMap(([name, own], index) => {
    const earlier = all.slice(0, index);
    const twin = (what: string, same: (other: Identity) => boolean) =>
      earlier.filter(([, other]) => same(other)).map(([other]) => `${name} and ${other} have ${what}`);
    return [
      ...(own.hostname.split(".")[0] === name ? [] : [`${name} calls itself "${own.hostname}"`]),
      ...(own.machineId === "" ? [`${name} has no machine id`] : []),
      ...(own.nodes.length === 1 && own.nodes[0] === name
        ? []
        : [`/etc/pve of ${name} knows the nodes ${own.nodes.join(", ") || "(none)"}`]),
      ...twin("one machine id", (other) => other.machineId === own.machineId),
      ...twin("one ssh host key", (other) => other.hostKey === own.hostKey),
      ...(own.addresses.length === 0 ? [`${name} has no address`] : []),
      // A bridge for guests of its own may have one address in all of them: each needs one more.
      ...twin("one address", (other) => own.addresses.every((address) => other.addresses.includes(address))),
    ];
  });
}

/** Not by `tailscale logout`: that would log the template's own device out. */
async function forgetTailnet(writer: Writer): Promise<void> {
  if ((await writer.list("/var/lib")).includes("tailscale")) {
    await writer.run(["systemctl", "stop", "tailscaled"], { timeoutMs: 60_000 });
    await must(writer, ["rm", "-rf", "/var/lib/tailscale"]);
  }
}

async function newHostKeys(writer: Writer): Promise<void> {
  await must(writer, ["find", "/etc/ssh", "-name", "ssh_host_*", "-delete"]);
  await must(writer, ["ssh-keygen", "-A"]);
}

/** Random and not by systemd-machine-id-setup, which may take what the hypervisor says; form: machine-id(5). */
async function newMachineId(writer: Writer): Promise<void> {
  await writer.write("/etc/machine-id", `${randomBytes(16).toString("hex")}\n`, 0o444);
  if ((await writer.list("/var/lib/dbus")).includes("machine-id")) {
    await must(writer, ["ln", "-sf", "/etc/machine-id", "/var/lib/dbus/machine-id"]);
  }
}

/** Proxmox keeps a folder by the host's name; the template's would look like a lost member. */
async function renameNode(writer: Writer, name: string): Promise<void> {
  await must(writer, ["systemctl", "restart", "pve-cluster"], 120_000);
  // pmxcfs may need a moment until it can be written to; the folder is made with its certificates (proxmox.md 6.5).
  const nodes = await poll(60_000, 1_000, async () => {
    await writer.run(["pvecm", "updatecerts"], { timeoutMs: 60_000 });
    const now = await writer.list("/etc/pve/nodes");
    return now.includes(name) ? now : undefined;
  });
  if (!nodes) throw failed(writer.name, ["pvecm", "updatecerts"], `no /etc/pve/nodes/${name}`);
  for (const node of nodes.filter((other) => other !== name)) {
    const guests = await Promise.all(
      ["qemu-server", "lxc"].map((kind) => writer.list(`/etc/pve/nodes/${node}/${kind}`)),
    );
    if (guests.flat().length > 0) throw hasGuests(node);
    await must(writer, ["rm", "-rf", `/etc/pve/nodes/${node}`]);
  }
}

/** Lets a key of root in. Added at the end and not by a new file: on Proxmox this one is a link into /etc/pve. */
export async function letIn(writer: Writer, rootKey: string): Promise<void> {
  const keys = await writer.text("/root/.ssh/authorized_keys");
  if (keys?.includes(rootKey)) return;
  await must(writer, ["install", "-d", "-m", "700", "/root/.ssh"]);
  const gap = keys === undefined || keys === "" || keys.endsWith("\n") ? "" : "\n";
  const argv = ["tee", "-a", "/root/.ssh/authorized_keys"] as const;
  const { exitCode, stderr } = await writer.run(argv, { input: `${gap}${rootKey}\n`, timeoutMs: 20_000 });
  if (exitCode !== 0) throw failed(writer.name, argv, stderr);
}

async function must(writer: Writer, argv: Argv, timeoutMs = 30_000): Promise<void> {
  const { exitCode, stderr } = await writer.run(argv, { timeoutMs });
  if (exitCode !== 0) throw failed(writer.name, argv, stderr);
}

function failed(name: string, argv: readonly string[], stderr: string): UserError {
  return new UserError("E_TESTBED_IDENTITY", `${name} could not be made a host of its own`, {
    likely: `${argv.join(" ")}: ${stderr.trim() || "no reason given"}`,
    mend: "docs/testbed-template.md; then tailmox testbed create again, which goes on from there",
  });
}

function isClustered(name: string): UserError {
  return new UserError("E_TESTBED_IDENTITY", `the template of ${name} is a member of a cluster`, {
    likely: "it was joined before it became a template; its clones would disturb that cluster",
    mend: "a template that never was in one: docs/testbed-template.md",
  });
}

function hasGuests(node: string): UserError {
  return new UserError("E_TESTBED_IDENTITY", `the template's node "${node}" has guests of its own inside`, {
    likely: "virtual machines or containers were made in it before it became a template",
    mend: "a template without guests inside: docs/testbed-template.md",
  });
}
