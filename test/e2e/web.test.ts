import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { writeHostFile } from "../../lab/machines/files.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { scenario } from "../../lab/scenario.ts";
import { tailmoxOn } from "../../lab/story/tailmox-on.ts";
import { createAuthKey } from "../../lab/tailnet/auth-key.ts";
import {
  changeHostedNode,
  completeLogin,
  setCapabilities,
  setHostedSettings,
} from "../../lab/tailnet/hosted.ts";
import { loginServer } from "../../lab/tailnet/login-server.ts";
import { labUp } from "../../lab/up.ts";
import { poll } from "../../src/host/deadline.ts";
import { CERTIFICATE, proxyCertificatePath } from "../../src/proxmox/web-certificate.ts";
import { describeLab } from "../lab-only.ts";

describeLab("the way from a bare tailnet to a web page", () => {
  const name = "e2e-web";
  const wanted = scenario.parse({
    name,
    summary: "two hosts on a tailnet with HTTPS certificates, login links and approval",
    tailnet: "hosted",
    sites: [{ name: "home" }],
    hosts: ["pve1", "pve2"].map((host) => ({ name: host, site: "home", release: "pve9", tailscale: true })),
  });
  const plan: LabPlan = planLab(name, wanted);
  const [pve1, pve2] = plan.hosts as [HostPlan, HostPlan];

  beforeAll(async () => {
    await takeDown(plan);
    await labUp(name, wanted);
    const passwords = plan.hosts.map((host) => `${host.name}=${host.password}\n`).join("");
    for (const host of plan.hosts) await writeHostFile(plan, host, "/root/passwords", passwords, 0o600);
  });
  afterAll(() => takeDown(plan));

  interface Run {
    exit: number | null;
    text: string;
  }

  async function up(host: HostPlan, argv: string[], onLine: (line: string) => void = () => {}): Promise<Run> {
    const lines: string[] = [];
    const all = [
      "up",
      "--yes",
      "--login-server",
      loginServer(plan),
      "--password-file",
      "/root/passwords",
      ...argv,
    ];
    const exit = await tailmoxOn(plan, host, all, (line) => {
      lines.push(line);
      onLine(line);
    });
    return { exit, text: lines.join("\n") };
  }

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

  const shell = (host: HostPlan, script: string) => hostExec(plan, host, ["sh", "-c", script]);

  /** What another host gets from a name of the tailnet, with the certificate verified. */
  async function fetchFrom(host: HostPlan, target: HostPlan, port: number): Promise<string> {
    const address = (await shell(target, "tailscale ip -4")).stdout.trim();
    const domain = `${target.name}.lab.ts.net`;
    const url = `https://${domain}:${port}/`;
    const argv = [
      "curl",
      "-sS",
      "--max-time",
      "20",
      "--resolve",
      `${domain}:${port}:${address}`,
      url,
    ] as const;
    const { exitCode, stdout, stderr } = await hostExec(plan, host, [...argv]);
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
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

  test("settings of an existing login are switched off where nothing depends on them, else kept and told", async () => {
    await setCapabilities(plan, "pve2", { "https://tailscale.com/cap/ssh": [] });
    const set = await poll(15_000, 500, async () => {
      const { exitCode } = await shell(pve2, "tailscale set --accept-routes --accept-dns --ssh");
      return exitCode === 0 ? true : undefined;
    });
    expect(set).toBe(true);
    await shell(pve2, "echo pve1.lab.ts.net:/tank /mnt/tank nfs noauto 0 0 >> /etc/fstab");
    const { exit, text } = await up(pve2, ["--staging"]);
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toContain("mount /mnt/tank");
    const prefs = JSON.parse((await shell(pve2, "tailscale debug prefs")).stdout);
    expect(prefs).toMatchObject({ RouteAll: false, CorpDNS: true, RunSSH: false });
    await shell(pve2, "tailscale set --accept-dns=false");
  });

  test("a consent page that waits for ever is bounded, shown, and no reason to have no cluster", async () => {
    await writeHostFile(plan, pve1, "/usr/local/bin/tailscale", CONSENT, 0o755);
    const started = performance.now();
    const { exit, text } = await up(pve1, ["--create"]);
    await shell(pve1, "rm /usr/local/bin/tailscale; pkill -x sleep");
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toContain("none: Tailscale does not serve the web page");
    expect(text.replace(/\s+/g, " ")).toContain("https://login.tailscale.com/f/serve?node=n1");
    expect(performance.now() - started).toBeLessThan(90_000);
  });

  test("another run serves the web page, which the second host reaches on 443 with a verified certificate", async () => {
    const { exit, text } = await up(pve1, []);
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toMatch(/Web +ok +https:\/\/pve1\.lab\.ts\.net, certificate valid for \d+ days/);
    expect(await fetchFrom(pve2, pve1, 443)).toContain("Proxmox");
    const again = await up(pve1, []);
    expect(again).toMatchObject({ exit: 0, text: expect.stringContaining("Nothing to do") });
  });

  test("a Service is offered beside it, and what approval is missing is said until it is there", async () => {
    const offered = await up(pve1, ["--service", "svc:tailmox"]);
    expect(offered.text).toContain("and not approved yet");
    expect(offered.text).toContain("tailmox service define --name svc:tailmox");
    expect(offered.exit).toBe(0);
    const status = JSON.parse((await shell(pve1, "tailscale serve status --json")).stdout);
    expect(Object.keys(status.Web)).toEqual(["pve1.lab.ts.net:443"]);
    expect(Object.keys(status.Services["svc:tailmox"].Web)).toEqual(["tailmox.lab.ts.net:443"]);
    await setCapabilities(plan, "pve1", { "service-host": [{ "svc:tailmox": ["100.100.0.1"] }] });
    const approved = await up(pve1, ["--service", "svc:tailmox"]);
    expect(approved).toMatchObject({ exit: 0, text: expect.not.stringContaining("not approved yet") });
  });

  test("a foreign handler on 443 is left as it is, and refused when asked for by name", async () => {
    await shell(pve2, "tailscale serve --bg --yes --https=443 text:mine");
    const { exit, text } = await up(pve2, ["--web", "serve"]);
    expect({ exit, text }).toMatchObject({ exit: 4 });
    expect(text).toContain("E_WEB_REFUSED");
    expect(await fetchFrom(pve1, pve2, 443)).toBe("mine");
    await shell(pve2, "tailscale serve --yes --https=443 off");
  });

  test("--web cert sets Tailscale's certificate after the join, for the web page on 8006", async () => {
    const { exit, text } = await up(pve2, ["--web", "cert"]);
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toMatch(/Web +ok +https:\/\/pve2\.lab\.ts\.net:8006, certificate valid for \d+ days/);
    expect(await fetchFrom(pve1, pve2, 8006)).toContain("Proxmox");
    expect((await shell(pve2, `stat -c %a ${CERTIFICATE.key}`)).stdout.trim()).toBe("600");
    const again = await up(pve2, []);
    expect(again).toMatchObject({ exit: 0, text: expect.stringContaining("Nothing to do") });
  });

  test("the certificate is renewed by its timer, and one that somebody else sets is left alone", async () => {
    const serial = () => shell(pve2, `openssl x509 -noout -serial -in ${proxyCertificatePath("pve2")}`);
    const before = await serial();
    const renew = () => shell(pve2, "systemctl start tailmox-certificate.service");
    expect((await renew()).exitCode).toBe(0);
    expect((await serial()).stdout).toBe(before.stdout);
    await shell(pve2, "rm /var/lib/tailscale/certs/*");
    expect((await renew()).exitCode).toBe(0);
    const after = await serial();
    expect(after.stdout).not.toBe(before.stdout);
    expect(await fetchFrom(pve1, pve2, 8006)).toContain("Proxmox");
    const own = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=own -keyout own.key -out own.pem";
    await shell(pve2, `${own}; pvenode cert set own.pem own.key --force 1 --restart 1`);
    const foreign = await serial();
    await shell(pve2, "rm /var/lib/tailscale/certs/*");
    await renew();
    expect((await serial()).stdout).toBe(foreign.stdout);
    const refused = await up(pve2, ["--web", "cert"]);
    expect(refused).toMatchObject({ exit: 4, text: expect.stringContaining("E_WEB_REFUSED") });
  });

  test("without HTTPS in the tailnet the web page is none, with the reason", async () => {
    await setHostedSettings(plan, { httpsEnabled: false });
    await shell(pve2, "tailscale serve reset");
    const none = await poll(20_000, 1_000, async () => {
      const { exit, text } = await up(pve2, []);
      return text.includes("none: this tailnet gives no HTTPS certificates") ? exit : undefined;
    });
    expect(none).toBe(0);
  });

  test("undo refuses a member; on a host that left its cluster it takes all of up back, and nothing else", async () => {
    const undo = async (...argv: string[]): Promise<Run> => {
      const lines: string[] = [];
      const exit = await tailmoxOn(plan, pve2, ["undo", "--yes", ...argv], (line) => lines.push(line));
      return { exit, text: lines.join("\n") };
    };
    expect(await undo()).toMatchObject({ exit: 4, text: expect.stringContaining("E_UNDO_MEMBER") });
    expect(await shell(pve2, LEAVE)).toMatchObject({ exitCode: 0 });
    await shell(pve2, "mkdir /root/static; cp /usr/bin/tailscale /usr/sbin/tailscaled /root/static/");
    const foreign = (await shell(pve2, `cat ${proxyCertificatePath("pve2")}`)).stdout;
    expect(await undo("--dry-run")).toMatchObject({ exit: 0, text: expect.stringContaining("Dry run") });
    expect((await shell(pve2, "grep -c tailmox /etc/hosts")).stdout).not.toBe("0\n");
    expect(await undo("--tailscale")).toMatchObject({ exit: 0 });
    expect((await shell(pve2, "grep -c tailmox /etc/hosts")).stdout).toBe("0\n");
    expect((await shell(pve2, "getent ahosts pve2")).stdout).toStartWith("192.168.");
    expect((await shell(pve2, "command -v tailscale; ls /etc/systemd/system | grep tailmox")).stdout).toBe(
      "",
    );
    expect((await shell(pve2, "ls /etc/systemd/system/corosync.service.d")).stdout).not.toContain("tailmox");
    expect((await shell(pve2, "ls /etc/apt/sources.list.d")).stdout).not.toContain("tailscale");
    expect((await shell(pve2, `cat ${proxyCertificatePath("pve2")}`)).stdout).toBe(foreign);
    expect(await undo()).toMatchObject({ exit: 0, text: expect.stringContaining("Nothing to do") });
  });

  test("a Tailscale that came by no package is started and used as it is", async () => {
    await writeHostFile(plan, pve2, "/root/key", `${await createAuthKey(plan)}\n`, 0o600);
    expect(await shell(pve2, STATIC)).toMatchObject({ exitCode: 0 });
    const { exit, text } = await up(pve2, ["--staging", "--auth-key-file", "/root/key", "--web", "none"]);
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect(text).toContain("start tailscaled");
    expect((await shell(pve2, "ls /usr/bin/tailscale /etc/apt/sources.list.d")).stdout).not.toContain(
      "tailscale",
    );
    const takeAway = "tailscale logout; systemctl disable --now tailscaled; rm /usr/local/bin/tailscale*";
    await shell(pve2, `${takeAway}; rm -r /etc/systemd/system/tailscaled.service /var/lib/tailscale`);
  });

  test("Proxmox's enterprise repository, which answers nobody without a subscription, does not stop an installation", async () => {
    const list = "deb https://enterprise.proxmox.com/debian/pve trixie pve-enterprise\n";
    await writeHostFile(plan, pve2, "/etc/apt/sources.list.d/pve-enterprise.list", list, 0o644);
    expect((await shell(pve2, "apt-get update -eany")).exitCode).not.toBe(0);
    const { exit, text } = await up(pve2, ["--staging", "--auth-key-file", "/root/key", "--web", "none"]);
    expect({ exit, text }).toMatchObject({ exit: 0 });
    expect((await shell(pve2, "dpkg-query -W tailscale")).exitCode).toBe(0);
  });
});

const STATIC = `set -e
cp /root/static/* /usr/local/bin/
cat > /etc/systemd/system/tailscaled.service <<END
[Service]
Type=notify
ExecStart=/usr/local/bin/tailscaled --state=/var/lib/tailscale/tailscaled.state
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload`;

/** A client whose serve shows a consent page and waits for ever; all else is the real one's. */
const CONSENT = `#!/bin/sh
if [ "$1" = serve ] && [ "$2" != status ]; then
  echo "Serve is not enabled on your tailnet."
  echo "To enable, visit:"
  echo "         https://login.tailscale.com/f/serve?node=n1"
  sleep 3600
fi
exec /usr/bin/tailscale "$@"
`;

/** docs/undo-by-hand.md, "Leaving a cluster". */
const LEAVE = `set -e
systemctl stop pve-cluster corosync
pmxcfs -l
rm /etc/pve/corosync.conf
rm -rf /etc/corosync/authkey /etc/corosync/corosync.conf
kill $(cat /run/pve-cluster.pid); sleep 2
systemctl start pve-cluster
rm -f /var/lib/corosync/*
rm -rf /etc/pve/nodes/pve1
pvecm updatecerts --force
systemctl restart pvedaemon pveproxy`;
