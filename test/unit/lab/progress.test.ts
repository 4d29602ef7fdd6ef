import { expect, test } from "bun:test";
import { progressOn } from "../../../lab/progress.ts";

test("without a terminal every step says what it does, how long that usually takes, and how it ended", async () => {
  let text = "";
  const { step } = progressOn((more) => {
    text += more;
  }, false);
  const result = await step("boot", "usually 3 s", async (note) => {
    note("of pve1");
    return 7;
  });
  expect(result).toBe(7);
  expect(text).toMatch(/^ {2}\.\. {2}boot \(usually 3 s\)\n {6}of pve1\n {2}ok {2}boot +\d+\.\d s\n$/);
});

test("a step that fails is marked as failed, and the error goes on", async () => {
  let text = "";
  const { step } = progressOn((more) => {
    text += more;
  }, false);
  await expect(step("boot", "usually 3 s", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(text).toContain("  !!  boot");
});

test("no line is wider than a terminal of 80 columns while steps run side by side", async () => {
  const drawn: string[] = [];
  const { step } = progressOn((more) => drawn.push(more), true);
  await Promise.all(
    ["a rather long title of a step", "another rather long title", "and a third of them"].map((title) =>
      step(title, "", () => Bun.sleep(300)),
    ),
  );
  for (const part of drawn.flatMap((text) => text.split("\r\x1b[K"))) {
    expect(part.trimEnd().length).toBeLessThan(80);
  }
});
