import { expect, test } from "bun:test";
import { presentedHostKey } from "../../../../src/host/ssh.ts";

const answering = (stdout: string) => ({
  name: "pve1",
  run: async (argv: readonly string[]) => ({
    argv,
    exitCode: 0,
    stdout,
    stderr: "",
    timedOut: false,
    durationMs: 1,
  }),
  text: async () => undefined,
  list: async () => [],
});

test("of the keys that a host presents the ed25519 one is pinned", async () => {
  const scan =
    "# 100.64.0.1:22 SSH-2.0-OpenSSH_9.2\n100.64.0.1 ssh-rsa AAAAB3\n100.64.0.1 ssh-ed25519 AAAAC3\n";
  expect(await presentedHostKey(answering(scan), "100.64.0.1")).toEqual({
    type: "ssh-ed25519",
    key: "AAAAC3",
  });
  expect(await presentedHostKey(answering("100.64.0.1 ssh-rsa AAAAB3\n"), "100.64.0.1")).toMatchObject({
    type: "ssh-rsa",
  });
});

test("a host that presents none has none", async () => {
  expect(await presentedHostKey(answering(""), "100.64.0.1")).toBeUndefined();
});
