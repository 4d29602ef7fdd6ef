import { expect, test } from "bun:test";
import { hostExec } from "../../../lab/machines/exec.ts";
import type { HostPlan } from "../../../lab/plan.ts";
import { changeHostedNode, completeLogin, setHostedSettings } from "../../../lab/tailnet/hosted.ts";
import { loginServer } from "../../../lab/tailnet/login-server.ts";
import type { Run, WebStory } from "./story.ts";

/** Both hosts come into the tailnet by a link that somebody has to open, one of them with approval besides. */
export function logins({ plan, pve1, pve2, up, shell }: WebStory): void {
  /** Runs it, and opens the link that it shows, as a person would. */
  async function upWithLink(
    host: HostPlan,
    argv: string[],
    onLine: (line: string) => Promise<void> = async () => {},
  ): Promise<Run> {
    const opened: Promise<void>[] = [];
    const done: Promise<void>[] = [];
    const result = await up(host, argv, (line) => {
      const url = /http\S+\/a\/\w+/.exec(line)?.[0];
      if (url !== undefined) opened.push(completeLogin(plan, url));
      done.push(onLine(line));
    });
    await Promise.all([...opened, ...done]);
    expect(opened).toHaveLength(1);
    return result;
  }

  test("a login link that nobody opens ends in its time, and says how to go on", async () => {
    const started = performance.now();
    const { exit, text } = await up(pve1, ["--staging", "--login-timeout", "6s"]);
    expect({ exit, text }).toMatchObject({ exit: 5 });
    expect(text).toContain("E_LOGIN_TIMEOUT");
    expect(text).toMatch(/http\S+\/a\/\w+/);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test("Ctrl-C ends the wait for a login at once", async () => {
    const interrupted = ["timeout", "--preserve-status", "--signal=INT", "4"] as const;
    const argv = ["tailmox", "up", "--yes", "--staging", "--login-server", loginServer(plan)];
    const started = performance.now();
    const { exitCode, stdout, stderr } = await hostExec(plan, pve1, [...interrupted, ...argv]);
    expect({ exitCode, stdout, stderr }).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(/http\S+\/a\/\w+/),
      stderr: expect.stringContaining("E_INTERRUPTED"),
    });
    expect(performance.now() - started).toBeLessThan(9_000);
  });

  test("a login link that somebody opens lets the host in with its tag; --staging ends with a certificate", async () => {
    expect(await shell(pve1, "tailscale set --operator=nobody")).toMatchObject({ exitCode: 0 });
    const { exit, text } = await upWithLink(pve1, ["--staging"]);
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toContain("tag:tailmox, 100.");
    expect(text).toContain("certificate for pve1.lab.ts.net fetched");
    expect((await shell(pve1, "ls /var/lib/tailscale/certs")).stdout).toContain("pve1.lab.ts.net.crt");
    expect((await shell(pve1, "tailscale serve status --json")).stdout.trim()).toBe("{}");
    const prefs = JSON.parse((await shell(pve1, "tailscale debug prefs")).stdout);
    expect(prefs).toMatchObject({ RouteAll: false, CorpDNS: false, ShieldsUp: false });
    // What somebody set before the login is kept: tailscale up asks for all settings or refuses.
    expect(prefs).toMatchObject({ OperatorUser: "nobody" });
    expect((await shell(pve1, "ls /etc/pve/corosync.conf /var/lib/tailmox")).stdout).toBe("");
  });

  test("a host that needs approval is waited for, and goes on when it is there", async () => {
    await setHostedSettings(plan, { devicesApprovalOn: true });
    const { exit, text } = await upWithLink(pve2, ["--staging"], async (line) => {
      if (line.includes("has to approve this host")) await changeHostedNode(plan, "pve2", "approve");
    });
    await setHostedSettings(plan, { devicesApprovalOn: false });
    expect(text).toContain("has to approve this host");
    expect(text).toContain(`${loginServer(plan)}/admin`);
    expect({ exit, text }).toMatchObject({ exit: 0 });
  });
}
