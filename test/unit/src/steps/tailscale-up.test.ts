import { expect, test } from "bun:test";
import { tailscaleUp } from "../../../../src/steps/tailscale-up.ts";
import { fakeHost } from "../up/fake-host.ts";

const WRONG = "backend error: invalid key: API key does not exist";

/** What comes of a login by key when `tailscale up` ends with these words, one after the other; "" is success. */
async function logIn(...words: string[]) {
  let ups = 0;
  const { transport } = fakeHost({}, {}, (line) => {
    if (!line.startsWith("tailscale up")) return undefined;
    const stderr = words[ups++] ?? "";
    return stderr === "" ? undefined : { exitCode: 1, stderr };
  });
  const patience = { personMs: 1_000, visit: () => undefined };
  const spec = { byLink: false, loginServer: undefined };
  const { kind } = await tailscaleUp(transport, ["--auth-key=file:/k"], spec, patience, () => undefined);
  return { kind, ups };
}

test("a refusal that was meant for the key before is none", async () => {
  expect(await logIn(WRONG, "")).toEqual({ kind: "ok", ups: 2 });
});

test("a key that is refused twice is refused, and what failed otherwise is not tried again", async () => {
  expect(await logIn(WRONG, WRONG)).toEqual({ kind: "key refused", ups: 2 });
  expect(await logIn("backend error: something else")).toEqual({ kind: "failed", ups: 1 });
});
