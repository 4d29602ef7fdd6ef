import { expect, test } from "bun:test";
import { UserError } from "../../../../src/errors.ts";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost, type Writer } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { awaitApproval } from "../../../../src/steps/await-approval.ts";
import { logIn } from "../../../../src/steps/log-in.ts";
import { fakeHost } from "../up/fake-host.ts";

const LINK = "https://login.tailscale.com/a/0123456789ab";

function status(state: string, authUrl = ""): string {
  return JSON.stringify({
    Version: "1.102.3",
    TUN: true,
    BackendState: state,
    AuthURL: authUrl,
    Self: { DNSName: "pve1.ts.net.", TailscaleIPs: ["100.64.0.1"], Tags: ["tag:tailmox"] },
  });
}

/** A host whose `tailscale up` goes on until it is ended, while the client's state goes through `states`. */
function waiting(...states: readonly string[]) {
  const answers = { "tailscale debug": "{}", "tailscale status": "" };
  const fake = fakeHost({}, { "tailscale debug": "{}" });
  const left = [...states];
  const ups: string[] = [];
  const transport: Writer = {
    ...fake.transport,
    run: async (argv, options) => {
      const base = { argv, timedOut: false, durationMs: 1, stdout: "", stderr: "", exitCode: 0 };
      if (argv[1] === "status") {
        const now = left.length > 1 ? left.shift() : left[0];
        return { ...base, stdout: now ?? answers["tailscale status"] };
      }
      if (argv[1] !== "up") return fake.transport.run(argv, options);
      ups.push(argv.join(" "));
      while (left.length > 1 && !options?.signal?.aborted) await Bun.sleep(50);
      if (left[0]?.includes("Running")) return base;
      await new Promise((resolve) => options?.signal?.addEventListener("abort", resolve));
      return { ...base, exitCode: null };
    },
  };
  return { host: openHost(transport, openGate(noJournal), noJournal), ups };
}

function company(personMs: number) {
  const pages: string[] = [];
  return { pages, patience: { personMs, visit: (_: string, url: string) => pages.push(url) } };
}

async function codeOf(doing: Promise<unknown>): Promise<string> {
  const error: unknown = await doing.catch((thrown: unknown) => thrown);
  return error instanceof UserError ? error.code : `no UserError: ${String(error)}`;
}

const SPEC = { authKey: undefined, loginServer: undefined, tag: "tag:tailmox" };

test("a login without a key shows the link once, asks for the tag, and goes on when somebody has logged in", async () => {
  const pending = status("NeedsLogin", LINK);
  const { host, ups } = waiting(status("NeedsLogin"), pending, pending, status("Running"));
  const { pages, patience } = company(20_000);
  expect(await logIn({ ...SPEC, patience }).do(host, () => {})).toContain("100.64.0.1");
  expect(pages).toEqual([LINK]);
  expect(ups[0]).toContain("--advertise-tags=tag:tailmox");
});

test("a login link that nobody opens ends in its time", async () => {
  const { host } = waiting(status("NeedsLogin", LINK));
  const { pages, patience } = company(1_200);
  const started = performance.now();
  expect(await codeOf(logIn({ ...SPEC, patience }).do(host, () => {}))).toBe("E_LOGIN_TIMEOUT");
  expect(performance.now() - started).toBeLessThan(4_000);
  expect(pages).toEqual([LINK]);
});

test("a login that needs an approval shows where, and waits for it", async () => {
  const needs = status("NeedsMachineAuth");
  const granted = waiting(status("NeedsLogin", LINK), needs, needs, status("Running"));
  const one = company(20_000);
  await logIn({ ...SPEC, patience: one.patience }).do(granted.host, () => {});
  expect(one.pages).toEqual([LINK, "https://login.tailscale.com/admin"]);
  const refused = waiting(needs);
  const two = company(1_200);
  expect(await codeOf(logIn({ ...SPEC, patience: two.patience }).do(refused.host, () => {}))).toBe(
    "E_NOT_APPROVED",
  );
});

test("a host that waits for its approval already is waited for, in its time", async () => {
  const needs = status("NeedsMachineAuth");
  const { patience, pages } = company(1_200);
  const step = awaitApproval("https://hs.example/", patience);
  expect(await step.do(waiting(needs, status("Running")).host, () => {})).toBe("approved");
  expect(await codeOf(step.do(waiting(needs).host, () => {}))).toBe("E_NOT_APPROVED");
  expect(pages).toEqual(["https://hs.example/admin", "https://hs.example/admin"]);
});

test("settings that somebody made before the login are kept", async () => {
  const refusal = `Error: changing settings via 'tailscale up' requires mentioning all
non-default flags. To proceed, either re-run your command with --reset or
use the command below to explicitly mention the current value of
all non-default settings:

\ttailscale up --accept-dns=false --advertise-tags=tag:tailmox --hostname=other --timeout=605s --operator='o p' --ssh
`;
  const ups: string[][] = [];
  const fake = fakeHost({}, { "tailscale debug": "{}", "tailscale status": status("Running") });
  const transport: Writer = {
    ...fake.transport,
    run: async (argv, options) => {
      if (argv[1] !== "up") return fake.transport.run(argv, options);
      ups.push([...argv]);
      const refused = !argv.includes("--ssh");
      const base = { argv, timedOut: false, durationMs: 1, stdout: "" };
      return { ...base, exitCode: refused ? 1 : 0, stderr: refused ? refusal : "" };
    },
  };
  const { patience } = company(1_000);
  const host = openHost(transport, openGate(noJournal), noJournal);
  await logIn({ ...SPEC, patience }).do(host, () => {});
  expect(ups).toHaveLength(2);
  expect(ups[1]).toContain("--hostname=other");
  expect(ups[1]).toContain("--operator=o p");
  // The client refuses a flag that is given twice.
  const names = ups[1]?.map((word) => word.split("=")[0]) ?? [];
  expect(new Set(names).size).toBe(names.length);
});
