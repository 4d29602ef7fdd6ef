import { describe, expect, test } from "bun:test";
import { statusLines } from "../../../../src/cli/commands/status.ts";
import { makeScreen } from "../../../../src/cli/screen.ts";
import { wrap } from "../../../../src/cli/wrap.ts";

/** What a screen writes to something that is no terminal. */
function shown(use: (screen: ReturnType<typeof makeScreen>) => void): string {
  let text = "";
  use(makeScreen({ isTTY: false, write: (more) => (text += more) }));
  return text;
}

describe("the report", () => {
  test("has the verdict first and the evidence beside it", () => {
    const text = shown((screen) =>
      screen.phase("Tailscale", "looking").ok("running, tag:tailmox, 100.64.0.6"),
    );
    expect(text).toBe("  Tailscale   ok   running, tag:tailmox, 100.64.0.6\n");
  });

  test("lines up the verdicts of steps at the right", () => {
    const text = shown((screen) => {
      screen.step("1 of 2", "hosts file", "at once").ok("pve3 is 100.64.0.3");
      screen.step("2 of 2", "create", "usually 5 s").ok('"tailmox" is quorate, 1 of 1 votes');
    });
    const [first = "", second = ""] = text.split("\n");
    expect([first.length, second.length]).toEqual([80, 80]);
    expect(first).toEndWith("  ok");
  });

  test("ends what was under way with !! when it fails", () => {
    const text = shown((screen) => {
      screen.step("4 of 4", "join through pve1", "usually 10-20 s").doing("waiting for quorum");
      screen.fail();
    });
    expect(text).toMatch(/^ {2}4 of 4 {2}join through pve1: waiting for quorum \(usually 10-20 s\) +!!\n$/);
  });

  test("shows a page to visit whole and on a line of its own, as a QR code only on a terminal", () => {
    const url = "https://login.tailscale.com/a/0123456789ab";
    const text = shown((screen) => screen.visit("Open this page and log in", url));
    expect(text.split("\n")).toContain(`      ${url}`);
    expect(text).not.toContain("█");
    let drawn = "";
    const terminal = { isTTY: true, columns: 80, write: (more: string) => (drawn += more) };
    const before = process.env.LC_ALL;
    process.env.LC_ALL = "C.UTF-8";
    makeScreen(terminal).visit("Open this page and log in", url);
    process.env.LC_ALL = before ?? "";
    expect(drawn).toContain("█");
    expect(drawn.split("\n").every((line) => line.length <= 80)).toBe(true);
  });

  test("keeps to 80 columns, and does not break words", () => {
    const lines = wrap(`${"word ".repeat(60)}${"x".repeat(90)}`, "  Host        ok   ", " ".repeat(19));
    expect(lines.slice(0, -1).every((line) => line.length <= 80)).toBe(true);
    expect(lines.at(-1)?.trim()).toBe("x".repeat(90));
  });
});

test("the status fits one screen, with the verdict first", () => {
  const tailscale = { version: "1.102.3", newer: null };
  const member = { online: true, published: null, loss: 0, link: null, version: "9.1.2", tailscale };
  const lines = statusLines({
    node: "pve1",
    pve: "9.1.2",
    tailnet: { state: "Running", address: "100.64.0.1", version: "1.102.3" },
    cluster: {
      name: "tailmox",
      quorate: false,
      presentVotes: 1,
      expectedVotes: 2,
      mayLose: 0,
      findings: ["no power cut may happen"],
      members: [
        {
          ...member,
          id: 1,
          name: "pve1",
          here: true,
          address: "100.64.0.1",
          path: { kind: "unknown" },
          rttMs: null,
        },
        {
          ...member,
          id: 2,
          name: "pve2",
          here: false,
          online: false,
          address: "100.64.0.2",
          path: { kind: "DERP", region: "fra" },
          rttMs: 142.6,
          version: null,
          tailscale: null,
        },
      ],
    },
  });
  expect(lines).toEqual([
    "tailmox  NOT QUORATE  1 of 2 votes, may lose 0",
    "id  host  address     path      RTT     loss  link     Proxmox  Tailscale",
    "1   pve1  100.64.0.1  here                             9.1.2    1.102.3",
    "2   pve2  100.64.0.2  DERP fra  143 ms  0 %   !! away  ?        ?",
    "!! no power cut may happen",
    "pve1, Proxmox VE 9.1.2; Tailscale 1.102.3 Running",
  ]);
});
