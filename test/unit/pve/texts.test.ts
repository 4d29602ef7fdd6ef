import { describe, expect, test } from "bun:test";
import { formatOutput, readOutputFormat } from "../../../lab/pve/cli/output-format.ts";
import { subjectNames } from "../../../lab/pve/cluster/certificates.ts";
import { withRootLogin } from "../../../lab/pve/cluster/ssh.ts";
import { atLeast } from "../../../lab/pve/node/release.ts";
import { parseDefaults } from "../../../lab/pve/node/settings.ts";

test("a node's certificate holds loopback, its address, its name and its full name", () => {
  expect(subjectNames("pve1", "pve1.example.lan", "192.168.1.11")).toEqual([
    "IP:127.0.0.1",
    "IP:::1",
    "DNS:localhost",
    "IP:192.168.1.11",
    "DNS:pve1",
    "DNS:pve1.example.lan",
  ]);
});

describe("sshd_config allows root's login", () => {
  test.each([
    ["#PermitRootLogin prohibit-password\nUsePAM yes\n", "PermitRootLogin yes\nUsePAM yes\n"],
    ["PermitRootLogin no\n", "PermitRootLogin yes\n"],
    ["UsePAM yes\n", "UsePAM yes\nPermitRootLogin yes\n"],
    ["PermitRootLogin yes\n", "PermitRootLogin yes\n"],
  ])("%j", (before, after) => {
    expect(withRootLogin(before)).toBe(after);
  });
});

test("versions are compared by number, not by letter", () => {
  expect(atLeast("9.1.10", "9.1.5")).toBe(true);
  expect(atLeast("8.4.1", "9.1.5")).toBe(false);
  expect(atLeast("9.1.5-1", "9.1.5")).toBe(true);
  expect(atLeast("9.1", "9.1.0")).toBe(true);
});

test("a file in /etc/default is read with and without quotes", () => {
  expect(parseDefaults('# A="no"\nALLOW_FROM="10.0.0.0/8"\nPOLICY=deny\n')).toEqual({
    ALLOW_FROM: "10.0.0.0/8",
    POLICY: "deny",
  });
});

describe("the output of pvesh", () => {
  const json = readOutputFormat({ "output-format": "json" });
  const text = readOutputFormat({});

  test("is canonical JSON: keys in order", () => {
    expect(formatOutput([{ b: 1, a: "x" }], json)).toBe('[{"a":"x","b":1}]\n');
    expect(formatOutput("UPID:x", json)).toBe('"UPID:x"\n');
  });

  test("of an empty list is nothing in text and [] in JSON", () => {
    expect(formatOutput([], text)).toBe("");
    expect(formatOutput([], json)).toBe("[]\n");
  });

  test("is a table with borders, or without", () => {
    expect(formatOutput([{ a: 1, bb: "x" }], text)).toBe(
      "┌───┬────┐\n│ a │ bb │\n╞═══╪════╡\n│ 1 │ x  │\n└───┴────┘\n",
    );
    expect(formatOutput([{ a: 1 }], readOutputFormat({ noborder: 1, noheader: 1 }))).toBe("1\n");
    expect(formatOutput(100, text)).toBe("100\n");
  });

  test("refuses a format that is none", () => {
    expect(() => readOutputFormat({ "output-format": "xml" })).toThrow("Parameter verification failed.");
  });
});
