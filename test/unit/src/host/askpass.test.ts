import { expect, test } from "bun:test";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { projectDir } from "../../../../lab/paths.ts";
import { ASKPASS_SOCKET, hear, offerPassword, serve } from "../../../../src/host/askpass.ts";
import { run } from "../../../../src/host/run.ts";

const PASSWORD = "pass wörd $(x)";

test("ssh's askpass program prints what the socket tells, and only its owner can ask", async () => {
  const folder = await mkdtemp("/tmp/tailmox-askpass-");
  const path = join(folder, "a.sock");
  await serve(path, PASSWORD);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const argv = [
    process.execPath,
    join(projectDir, "src/cli/main.ts"),
    "root@100.64.0.1's password: ",
  ] as const;
  const asked = await run(argv, { env: { [ASKPASS_SOCKET]: path } });
  expect(asked).toMatchObject({ exitCode: 0, stdout: `${PASSWORD}\n` });
  await rm(folder, { recursive: true });
});

test("a socket that is gone tells nothing, at once", async () => {
  expect(await hear("/run/tailmox/no-such.sock")).toBe("");
});

test("run from source there is no askpass program, and so no offer", async () => {
  expect(await offerPassword(PASSWORD)).toBeUndefined();
});
