import { expect, test } from "bun:test";
import { parseKnownHost } from "../../../../src/latency/reach-host.ts";

test("the key of a member is the one that Proxmox keeps under its name", () => {
  const text = "# pve2:22 SSH-2.0\npve20 ssh-rsa AAAAold\npve2 ssh-rsa AAAAnew\n";
  expect(parseKnownHost(text, "pve2")).toEqual({ type: "ssh-rsa", key: "AAAAnew" });
  expect(parseKnownHost(text, "pve3")).toBeUndefined();
  expect(parseKnownHost("", "pve2")).toBeUndefined();
});
