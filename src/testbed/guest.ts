import { UserError } from "../errors.ts";
import { parseAddresses } from "../host/addresses.ts";
import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { parseNeighbours } from "../host/network.ts";
import { type HostKey, presentedHostKey } from "../host/ssh.ts";
import { agentTransport } from "./agent.ts";
import type { Ground } from "./ground.ts";
import type { TestVm } from "./vms.ts";

/** A way into a running VM. */
export interface Guest {
  readonly vm: TestVm;
  readonly by: "agent" | "ssh";
  readonly inside: Host;
}

/** A VM that can be reached by ssh: the only way for large files and for terminals. */
export interface Door {
  readonly address: string;
  readonly key: HostKey;
}

/** Tries the guest agent, then ssh; undefined when neither answers now. Bounded to about 25 s. */
export async function tryGuest(ground: Ground, vm: TestVm): Promise<Guest | undefined> {
  const agent = ground.host.other(agentTransport(vm.name, vm.vmid, ground.carrier));
  if ((await agent.run(["true"], { timeoutMs: 5_000 })).exitCode === 0)
    return { vm, by: "agent", inside: agent };
  const door = await doorByNeighbours(ground, vm);
  if (!door) return undefined;
  const inside = ground.host.other(ground.ssh(vm.name, door.address, door.key));
  const hello = await inside.run(["true"], { timeoutMs: 10_000 });
  return hello.exitCode === 0 ? { vm, by: "ssh", inside } : undefined;
}

/** Waits for a VM that boots. Throws E_TESTBED_SILENT after `ms`. */
export async function awaitGuest(ground: Ground, vm: TestVm, ms: number): Promise<Guest> {
  const guest = await poll(ms, 1_000, () => tryGuest(ground, vm));
  if (guest) return guest;
  throw new UserError("E_TESTBED_SILENT", `${vm.name} (VM ${vm.vmid}) did not answer within ${ms / 1000} s`, {
    likely: vm.config.agent
      ? "its guest agent is silent and its ssh was not found: it still boots, hangs, or has no qemu-guest-agent"
      : "it has no guest agent in its configuration, and its ssh was not found",
    mend: `look at its console (qm terminal ${vm.vmid}, or the web page); docs/testbed-template.md`,
  });
}

/** Where ssh gets in. Asks the VM itself for address and host key, so that nobody else can stand in for it. */
export async function findDoor(ground: Ground, { vm, by, inside }: Guest): Promise<Door> {
  const neighbour = by === "ssh" ? await doorByNeighbours(ground, vm) : undefined;
  if (neighbour) return neighbour;
  const [addresses, text] = await Promise.all([
    inside.run(["ip", "-json", "address", "show"]),
    inside.text("/etc/ssh/ssh_host_ed25519_key.pub"),
  ]);
  const [type = "", key = ""] = (text ?? "").split(" ");
  for (const address of lanAddresses(addresses.stdout)) {
    const offered = await presentedHostKey(ground.host, address);
    if (offered?.type === type && offered.key === key) return { address, key: offered };
  }
  throw new UserError("E_TESTBED_SILENT", `${vm.name} (VM ${vm.vmid}) is not reached by ssh`, {
    likely: "it has no address that this host reaches, or sshd does not run in it",
    mend: `qm guest exec ${vm.vmid} -- ip address; docs/testbed-template.md`,
  });
}

/** Addresses that another host of the same network may use: none of loopback, tailnet or link. */
export function lanAddresses(text: string): string[] {
  return parseAddresses(text)
    .filter(({ device, address }) => device !== "lo" && device !== "tailscale0" && !address.includes(":"))
    .map(({ address }) => address);
}

/** The VM's address as the neighbour table knows its network card, where no agent can be asked. */
async function doorByNeighbours(ground: Ground, vm: TestVm): Promise<Door | undefined> {
  const { stdout } = await ground.host.run(["ip", "-json", "neigh", "show"], { timeoutMs: 5_000 });
  const macs = vm.config.nets.map(({ mac }) => mac);
  for (const [address, mac] of parseNeighbours(stdout)) {
    if (!macs.includes(mac) || address.includes(":")) continue;
    const key = await presentedHostKey(ground.host, address);
    if (key) return { address, key };
  }
  return undefined;
}
