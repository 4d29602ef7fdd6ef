import { entering, hostExec } from "../../lab/machines/exec.ts";
import type { HostPlan, LabPlan } from "../../lab/plan.ts";
import { poll } from "../../src/host/deadline.ts";

/** A terminal on a host, as an administrator has it who came by ssh. */
export interface TerminalOn {
  /** All that it has shown, without what moves the cursor. */
  readonly text: string;
  /** Waits until it shows the words, 40 s at most. */
  until(words: string | RegExp): Promise<void>;
  type(keys: string): void;
  /** The connection breaks; nobody says goodbye. */
  drop(): Promise<void>;
  readonly exited: Promise<number>;
}

/** Runs a command by ssh from another host of the lab, with a pseudo-terminal there. `from` has root's key for it. */
export async function terminalOn(
  plan: LabPlan,
  from: HostPlan,
  host: HostPlan,
  command: string,
): Promise<TerminalOn> {
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
  const ssh = [
    "ssh",
    "-tt",
    ...options.flatMap((each) => ["-o", each]),
    `root@${host.wan?.address}`,
    `stty rows 24 cols 80; ${command}`,
  ];
  const child = Bun.spawn([...(await entering(plan, from, { TERM: "xterm" })), ...ssh], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  let raw = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      raw += decoder.decode(chunk, { stream: true });
    }
  })();
  return {
    get text() {
      return plain(raw);
    },
    async until(words) {
      const seen = await poll(40_000, 100, async () => (plain(raw).match(words) ? true : undefined));
      if (!seen) throw new Error(`${host.name} never showed ${words}; it showed:\n${plain(raw)}`);
    },
    type(keys) {
      child.stdin.write(keys);
      child.stdin.flush();
    },
    async drop() {
      await hostExec(plan, from, ["bash", "-c", "kill -9 $(pidof ssh)"]);
      await child.exited;
    },
    exited: Promise.all([child.exited, reading]).then(([code]) => code),
  };
}

/** Without what moves the cursor and paints. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replaceAll("\r", "\n");
}
