import { expect, test } from "bun:test";
import type { Fault } from "./faults.ts";
import type { Said } from "./programs.ts";
import { weigh } from "./verdict.ts";

const write = (host: string, number: number, error = "", from = 10, to = 11): Said => ({
  kind: "write",
  host,
  number,
  from,
  to,
  error,
});
const sight = (host: string, writer: string, number: number, at = 12): Said => ({
  kind: "sight",
  host,
  writer,
  number,
  at,
});
const holds = (...files: readonly string[]) =>
  files.map((file) => `/etc/pve/fire/${file.replace(" ", "/")}:${file}\n`).join("");
const same = (content: string) => ({ a: content, b: content, c: content });

test("a write that returned, was seen and is not there is lost", () => {
  const said = [write("a", 1), sight("b", "a", 1), write("a", 2), sight("b", "a", 2)];
  const verdict = weigh(same(holds("a 1")), said, []);
  expect(verdict).toMatchObject({
    attempts: 2,
    returned: 2,
    seen: 2,
    lost: ["a 2"],
    differing: [],
    files: 1,
  });
});

test("so is one whose file is there with other content, or empty", () => {
  const wrong = "/etc/pve/fire/a/1:a 7\n/etc/pve/fire/a/2:\n";
  const said = [write("a", 1), sight("b", "a", 1), write("a", 2), sight("c", "a", 2)];
  expect(weigh(same(wrong), said, []).lost).toEqual(["a 1", "a 2"]);
});

test("one that nobody saw, or a host that was cut off or was struck at once, may be lost", () => {
  const faults: Fault[] = [{ kind: "cut", hosts: ["b"], from: 14, to: 30 }];
  const said = [write("a", 1), write("a", 2), sight("b", "a", 2, 12), write("a", 3), sight("b", "a", 3, 20)];
  expect(weigh(same(""), said, faults)).toMatchObject({ seen: 0, lost: [], lostUnseen: 3 });
  expect(weigh(same(""), [...said, sight("c", "a", 3, 20)], faults).lost).toEqual(["a 3"]);
});

test("a refused write is counted by its words and need not be there", () => {
  const verdict = weigh(same(""), [write("a", 1, "Permission denied"), sight("b", "a", 1)], []);
  expect(verdict).toMatchObject({ returned: 0, lost: [], refused: { "Permission denied": 1 } });
});

test("hosts with other content than the first are named", () => {
  expect(weigh({ a: holds("a 1"), b: holds("a 1"), c: "" }, [], []).differing).toEqual(["c"]);
});

test("the longest write of the majority leaves out the hosts that were away", () => {
  const faults: Fault[] = [{ kind: "cut", hosts: ["b"], from: 5, to: 30 }];
  const said = [write("a", 1, "", 10, 13), write("b", 1, "Operation not permitted", 10, 25)];
  expect(weigh(same(holds("a 1")), said, faults).longestWriteSeconds).toEqual({ any: 15, inMajority: 3 });
});
