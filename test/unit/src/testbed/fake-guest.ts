/** The inside of a VM: files, a name, and the few commands that a testbed runs in one. */
export interface FakeGuest {
  readonly files: Map<string, string>;
  hostname: string;
  readonly address: string;
  /** The tailnet's id of it; undefined: logged out. */
  device: string | undefined;
}

export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

export function newGuest(hostname: string, address: string): FakeGuest {
  const files = new Map([
    ["/etc/hostname", `${hostname}\n`],
    ["/etc/hosts", `127.0.0.1 localhost\n192.168.1.9 ${hostname}.lan ${hostname}\n`],
    ["/etc/machine-id", "0".repeat(32)],
    ["/etc/os-release", 'VERSION_ID="13"\nVERSION_CODENAME=trixie\n'],
    ["/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 TEMPLATE root@template\n"],
    ["/etc/pve/.members", `{"nodename": "${hostname}", "version": 1}`],
    [`/etc/pve/nodes/${hostname}/pve-ssl.pem`, "cert"],
    ["/var/lib/tailscale/tailscaled.state", "the template's"],
  ]);
  return { files, hostname, address, device: undefined };
}

export function copyGuest(guest: FakeGuest, address: string): FakeGuest {
  return { ...guest, files: new Map(guest.files), address };
}

let keys = 0;

/** Runs a command in it, as the agent would; what it does not know ends with 0 and does nothing. */
export function runInGuest(guest: FakeGuest, argv: readonly string[], input: string): Ran {
  const { files } = guest;
  const [program = "", ...args] = argv;
  const last = args.at(-1) ?? "";
  const ok = (out = ""): Ran => ({ exitCode: 0, out, err: "" });
  switch (program) {
    case "cat": {
      const text = files.get(last);
      return text === undefined ? { exitCode: 1, out: "", err: `cat: ${last}: No such file` } : ok(text);
    }
    case "ls": {
      const names = [...files.keys()].filter((path) => path.startsWith(`${last}/`));
      return ok([...new Set(names.map((path) => path.slice(last.length + 1).split("/")[0]))].join("\n"));
    }
    case "uname":
      return ok(`${guest.hostname}\n`);
    case "hostname":
      guest.hostname = last;
      return ok();
    case "ip":
      return ok(JSON.stringify([{ ifname: "vmbr0", addr_info: [{ local: guest.address }] }]));
    case "pveversion":
      return ok("pve-manager/9.1.2/9d436f37a0ac4172 (running kernel: 6.17.2-1-pve)\n");
    // A file that is written: what it is done by, a name, its path.
    case "sh":
      files.set(args[3] ?? "", input);
      return ok();
    case "tee":
      files.set(last, (files.get(last) ?? "") + input);
      return ok();
    case "rm":
      for (const path of files.keys()) if (path === last || path.startsWith(`${last}/`)) files.delete(path);
      return ok();
    case "ssh-keygen":
      keys += 1;
      files.set("/etc/ssh/ssh_host_ed25519_key.pub", `ssh-ed25519 KEY${keys} root@x\n`);
      return ok();
    case "pvecm":
      files.set(`/etc/pve/nodes/${guest.hostname}/pve-ssl.pem`, "cert");
      return ok();
    case "tailscale":
      return ok(tailscaleAnswer(guest, args));
    default:
      return ok();
  }
}

function tailscaleAnswer({ device, address }: FakeGuest, args: readonly string[]): string {
  if (args[0] === "debug") return JSON.stringify({ ControlURL: "https://control.example.com" });
  const ips = [`100.64.0.${address.split(".").at(-1)}`];
  const self = device === undefined ? {} : { ID: device, TailscaleIPs: ips };
  return JSON.stringify({ Version: "1.90.0", BackendState: device ? "Running" : "NeedsLogin", Self: self });
}
