import { expect, test } from "bun:test";
import { join } from "node:path";

test("Ctrl-C lets the step under way end with all its changes, and begins no other", async () => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "fixtures/two-steps.ts")]);
  let text = "";
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    if (text === "first begun\n") child.kill("SIGINT");
  }
  const [begun, told, ...rest] = text.trim().split("\n");
  expect(begun).toBe("first begun");
  expect(told).toStartWith("Stopping after this step");
  expect(rest).toEqual(["first ended", "E_INTERRUPTED"]);
});
