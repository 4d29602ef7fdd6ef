import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buildError, goIsNewEnough, labModule, requiredGo } from "../../../lab/go-build.ts";

test("the oldest Go that the lab takes is the go line of its go.mod", async () => {
  expect(requiredGo("module lab\n\ngo 1.26.6\n\ntool (\n")).toBe("1.26.6");
  expect(requiredGo(await readFile(join(labModule, "go.mod"), "utf8"))).toMatch(/^1\.\d+/);
});

test.each([
  ["go version go1.26.6 linux/amd64", true],
  ["go version go1.26.8 linux/amd64", true],
  ["go version go1.27 linux/arm64", true],
  ["go version go1.26.5 linux/amd64", false],
  ["go version go1.26rc1 linux/amd64", false],
  ["go version go1.19.8 linux/amd64", false],
  ["go version devel", false],
])("%s is new enough for 1.26.6: %p", (answer, expected) => {
  expect(goIsNewEnough(answer, "1.26.6")).toBe(expected);
});

test.each([
  'tailscale.com@v1.102.3: Get "https://proxy.example/x.mod": dial tcp: lookup proxy.example: no such host',
  'tailscale.com@v1.102.3: Get "http://127.0.0.1:1/x.mod": dial tcp 127.0.0.1:1: connect: connection refused',
  "tailscale.com@v1.102.3: module lookup disabled by GOPROXY=off",
])("a build that ends with %j is told as a failed download", (stderr) => {
  expect(buildError({ stderr, timedOut: false })).toMatchObject({ code: "E_LAB_GO_DOWNLOAD" });
});

test("a build that ends with the compiler's words passes them on", () => {
  const error = buildError({ stderr: "tailnet/testcontrol/main.go:3:1: syntax error", timedOut: false });
  expect(error).toMatchObject({ code: "E_LAB_GO_BUILD", likely: expect.stringContaining("syntax error") });
});
