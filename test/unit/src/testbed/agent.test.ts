import { expect, test } from "bun:test";
import type { Writer } from "../../../../src/host/host.ts";
import { agentTransport } from "../../../../src/testbed/agent.ts";

/** A carrier whose `qm guest exec` answers so; notes how it was called. */
function agentThat(stdout: string, exitCode = 0) {
  const calls: (readonly string[])[] = [];
  const run: Writer["run"] = async (argv) => {
    calls.push(argv);
    return {
      argv,
      exitCode,
      stdout,
      stderr: "QEMU guest agent is not running",
      timedOut: false,
      durationMs: 1,
    };
  };
  const unused = () => Promise.reject(new Error("not asked"));
  const carrier: Writer = { name: "pve1", run, text: unused, list: unused, write: unused, remove: unused };
  return { calls, inside: agentTransport("test1", 201, carrier) };
}

test("the status is the command's own, although qm ends with 0 whatever it is", async () => {
  const { inside } = agentThat('{"exited":1,"exitcode":3,"out-data":"a\\n","err-data":"b\\n"}');
  expect(await inside.run(["false"])).toMatchObject({
    exitCode: 3,
    stdout: "a\n",
    stderr: "b\n",
    timedOut: false,
  });
});

test.each([
  ["a command that did not end in its time", '{"pid":17}', 0, true],
  ["one that a signal ended", '{"exited":true,"signal":9}', 0, false],
  ["a silent agent", "", 255, false],
  ["an answer of another form", "pid 17", 0, false],
])("%s has no exit status", async (_words, stdout, exitCode, timedOut) => {
  const { inside } = agentThat(stdout, exitCode);
  expect(await inside.run(["true"])).toMatchObject({ exitCode: null, timedOut });
});

test("input goes by the agent, and never into the argument list", async () => {
  const { inside, calls } = agentThat('{"exited":1,"exitcode":0}');
  await inside.run(["chpasswd"], { input: "root:secret", timeoutMs: 5_000 });
  expect(calls[0]?.slice(0, 8)).toEqual([
    "qm",
    "guest",
    "exec",
    "201",
    "--timeout",
    "5",
    "--pass-stdin",
    "1",
  ]);
  expect(calls[0]?.join(" ")).not.toContain("secret");
});
