import { spawn } from "node:child_process";
import { entering, hostExec } from "../machines/exec.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { textOf } from "../pve/errors.ts";
import type { ExecState } from "../pve/guests/hypervisor-protocol.ts";

/** The guest agent of the machines in bays: it answers while its service runs there. */
export class Agent {
  private readonly plan: LabPlan;
  private readonly commands = new Map<number, ExecState>();
  private lastPid = 1_000;

  constructor(plan: LabPlan) {
    this.plan = plan;
  }

  async answers(bay: HostPlan): Promise<boolean> {
    const asked = ["systemctl", "is-active", "--quiet", "qemu-guest-agent"] as const;
    const result = await hostExec(this.plan, bay, asked, { timeoutMs: 2_500 }).catch(() => undefined);
    return result?.exitCode === 0;
  }

  /** Starts a command as the agent's service would: in /, without HOME. Gives a number to ask for it with. */
  async start(bay: HostPlan, argv: readonly string[], input: string | undefined): Promise<number> {
    const [command = ""] = argv;
    const look = ["sh", "-c", 'command -v -- "$1"', "sh", command] as const;
    if ((await hostExec(this.plan, bay, look)).exitCode !== 0) {
      throw new Error(
        `Guest agent command failed, error was 'Failed to execute child process “${command}” (No such file or directory)'`,
      );
    }
    const pid = ++this.lastPid;
    const [file, ...args] = await entering(this.plan, bay);
    const child = spawn(file, [...args, ...SERVICE, ...argv], { stdio: ["pipe", "pipe", "pipe"] });
    const [out, err] = [collect(child.stdout), collect(child.stderr)];
    this.commands.set(pid, { exited: false, out: "", err: "" });
    const end = (state: Partial<ExecState>) =>
      this.commands.set(pid, { exited: true, out: out(), err: err(), ...state });
    child.once("error", (error) => end({ exitcode: 127, err: base64(textOf(error)) }));
    child.once("close", (code) => end(code === null ? { signal: 9 } : { exitcode: code }));
    child.stdin.once("error", () => undefined);
    child.stdin.end(input ?? "");
    return pid;
  }

  state(pid: number): ExecState {
    const found = this.commands.get(pid);
    if (!found) throw new Error(`Guest agent command failed, error was 'PID ${pid} does not exist'`);
    return found;
  }
}

/** A systemd service's plain environment. */
const SERVICE = [
  ...["env", "--ignore-environment", "--chdir=/", "LANG=C.UTF-8"],
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
];

/** The agent keeps 16 MiB of each stream. */
const MOST = 16 * 2 ** 20;

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on("data", (chunk: Buffer) => {
    if (length < MOST) chunks.push(chunk);
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).subarray(0, MOST).toString("base64");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
