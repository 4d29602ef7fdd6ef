import { expect, test } from "bun:test";
import { presentedHostKey } from "../../../../src/host/ssh.ts";

/** A host with these keys, of which a scan asks for some; each type of a scan is a connection to sshd. */
function answering(keys: readonly string[]) {
  let connections = 0;
  return {
    name: "pve1",
    connections: () => connections,
    run: async (argv: readonly string[]) => {
      const wanted = (argv[argv.indexOf("-t") + 1] ?? "").split(",");
      connections += wanted.length;
      const found = keys.filter((key) => wanted.some((type) => key.startsWith(`ssh-${type} `)));
      const banner = keys.length === 0 ? "" : "# 100.64.0.1:22 SSH-2.0-OpenSSH_9.2\n";
      const stdout = banner + found.map((key) => `100.64.0.1 ${key}\n`).join("");
      return { argv, exitCode: 0, stdout, stderr: "", timedOut: false, durationMs: 1 };
    },
    text: async () => undefined,
    list: async () => [],
  };
}

test("of the keys that a host presents the ed25519 one is pinned, by one connection", async () => {
  const both = answering(["ssh-rsa AAAAB3", "ssh-ed25519 AAAAC3"]);
  expect(await presentedHostKey(both, "100.64.0.1")).toEqual({ type: "ssh-ed25519", key: "AAAAC3" });
  expect(both.connections()).toBe(1);
  expect(await presentedHostKey(answering(["ssh-rsa AAAAB3"]), "100.64.0.1")).toEqual({
    type: "ssh-rsa",
    key: "AAAAB3",
  });
});

test("a host that presents none has none", async () => {
  expect(await presentedHostKey(answering([]), "100.64.0.1")).toBeUndefined();
});
