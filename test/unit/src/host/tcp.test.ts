import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { tryTcp } from "../../../../src/host/tcp.ts";

test("a port that listens is open, one that does not is refused", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  expect((await tryTcp("127.0.0.1", port)).kind).toBe("open");
  await new Promise((resolve) => server.close(resolve));
  expect((await tryTcp("127.0.0.1", port)).kind).toBe("refused");
});
