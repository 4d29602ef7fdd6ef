import { expect, test } from "bun:test";
import { join } from "node:path";

async function interrupted(times: number): Promise<{ said: string[]; code: number }> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "fixtures/two-changes.ts")]);
  let text = "";
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    const sent = text.split("Stopping after this step").length - 1;
    if (text.includes("first begun") && !text.includes("done") && sent < times) child.kill("SIGINT");
  }
  return { said: text.trim().split("\n"), code: await child.exited };
}

test("Ctrl-C lets the change under way end with all that it is made of, and begins no other", async () => {
  const { said } = await interrupted(1);
  expect(said[0]).toBe("first begun");
  expect(said[1]).toStartWith("Stopping after this step");
  expect(said.slice(2)).toEqual(["within first", "first done", "E_INTERRUPTED"]);
});

test("Ctrl-C twice ends it at once", async () => {
  const { said, code } = await interrupted(2);
  expect(said).not.toContain("first done");
  expect(code).toBe(130);
});
