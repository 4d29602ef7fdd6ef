import { describe, expect, test } from "bun:test";
import { UserError } from "../../../../src/errors.ts";
import { ARMED_FILE, REPORT_FILE } from "../../../../src/guard/places.ts";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { corosyncOrder } from "../../../../src/steps/corosync-order.ts";
import { hostsFile } from "../../../../src/steps/hosts-file.ts";
import { type JoinSpec, joinCluster } from "../../../../src/steps/join-cluster.ts";
import { logIn } from "../../../../src/steps/log-in.ts";
import type { Step } from "../../../../src/steps/step.ts";
import { type FakeHost, fakeHost } from "../up/fake-host.ts";

const open = ({ transport }: FakeHost) => openHost(transport, openGate(noJournal), noJournal);
const still = () => undefined;

async function codeOf(doing: Promise<unknown>): Promise<string> {
  const error: unknown = await doing.catch((thrown: unknown) => thrown);
  return error instanceof UserError ? error.code : `no UserError: ${String(error)}`;
}

describe.each([
  [
    "hosts file",
    hostsFile({
      node: "pve3",
      address: "100.64.0.6",
      before: "192.168.1.20",
      entries: [{ address: "100.64.0.6", name: "pve3", dnsName: "pve3.ts.net" }],
    }),
  ],
  ["corosync's order", corosyncOrder()],
])("%s", (_, step: Step) => {
  test("holds after it was done, and is as before after the undo", async () => {
    const fake = fakeHost({ "/etc/hosts": "192.168.1.20 pve3.lan pve3 # by the installer\n" }, {});
    const host = open(fake);
    const before = await host.text("/etc/hosts");
    expect(await step.check(host)).toBe(false);
    await step.do(host, still);
    expect(await step.check(host)).toBe(true);
    await step.undo(host);
    expect(await step.check(host)).toBe(false);
    expect(await host.text("/etc/hosts")).toBe(before);
  });
});

describe("a login", () => {
  const status = (tags: readonly string[]) =>
    JSON.stringify({
      Version: "1.102.3",
      TUN: true,
      BackendState: "Running",
      Self: { DNSName: "pve1.ts.net.", TailscaleIPs: ["100.64.0.1"], Tags: tags },
    });
  const REFUSED = "backend error: requested tags [tag:tailmox] are invalid or not permitted";

  /** A control server that takes or refuses the wish for a tag. */
  function server({ carried, wish }: { carried: boolean; wish: "granted" | "refused" }): FakeHost {
    return fakeHost(
      {},
      { "tailscale debug prefs": "{}", "tailscale status": status([]) },
      (line, _, answers) => {
        if (!line.startsWith("tailscale up")) return undefined;
        const wished = line.includes("--advertise-tags=tag:tailmox");
        if (wished && wish === "refused") return { exitCode: 1, stderr: REFUSED };
        answers["tailscale status"] = status(carried || wished ? ["tag:tailmox"] : []);
        return undefined;
      },
    );
  }
  const ups = ({ changes }: FakeHost) => changes.filter((change) => change.startsWith("run tailscale up"));
  const patience = { personMs: 1_000, visit: () => undefined };
  const spec = { authKey: "hskey-auth-secret", tag: "tag:tailmox", patience };

  test("at another control server lets a tagged key speak for itself", async () => {
    const fake = server({ carried: true, wish: "refused" });
    await logIn({ ...spec, loginServer: "https://hs.example" }).do(open(fake), still);
    expect(ups(fake)).toHaveLength(1);
    expect(ups(fake)[0]).toContain("--advertise-tags= ");
  });

  test("asks for the tag there when the key brought none", async () => {
    const fake = server({ carried: false, wish: "granted" });
    await logIn({ ...spec, loginServer: "https://hs.example" }).do(open(fake), still);
    expect(ups(fake)).toHaveLength(2);
    expect(ups(fake)[1]).toContain("--advertise-tags=tag:tailmox");
  });

  test("at Tailscale's own asks for the tag first, and goes without when that is refused", async () => {
    const fake = server({ carried: true, wish: "refused" });
    await logIn({ ...spec, loginServer: undefined }).do(open(fake), still);
    expect(ups(fake).map((line) => /--advertise-tags=\S*/.exec(line)?.[0])).toEqual([
      "--advertise-tags=tag:tailmox",
      // A refusal counts when it comes twice.
      "--advertise-tags=tag:tailmox",
      "--advertise-tags=",
    ]);
  });

  test("never puts the key into an argument list, and leaves no file of it", async () => {
    const fake = server({ carried: true, wish: "granted" });
    await logIn({ ...spec, loginServer: undefined }).do(open(fake), still);
    expect(fake.changes.join("\n")).not.toContain("secret");
    expect(await fake.transport.list("/run/tailmox")).toEqual([]);
  });

  test("has the settings that a cluster needs from the first moment on", async () => {
    const fake = server({ carried: true, wish: "granted" });
    await logIn({ ...spec, loginServer: undefined }).do(open(fake), still);
    for (const flag of ["--accept-dns=false", "--accept-routes=false", "--shields-up=false"]) {
      expect(ups(fake)[0]).toContain(flag);
    }
    expect(fake.changes).toContain("run tailscale set --auto-update=false");
  });
});

describe("a join", () => {
  const cluster = {
    name: "tailmox",
    quorate: true,
    expectedVotes: 1,
    presentVotes: 1,
    qdevice: false,
    members: [{ name: "pve1", id: 1, link0: "100.64.0.1", votes: 1, published: "100.64.0.1", online: true }],
  };
  const spec: JoinSpec = {
    cluster,
    through: { name: "pve1", address: "100.64.0.1" },
    node: "pve3",
    address: "100.64.0.3",
    admission: { kind: "api", password: "pass word", fingerprint: "AA:BB" },
    timeoutMs: 900,
    askMember: async () => cluster,
    takeOut: () => Promise.reject(new Error("nobody asked for that")),
    turn: { members: () => [], release: async () => undefined },
  };
  const STANDALONE = { "/etc/pve/.members": '{"nodename": "pve3", "version": 1}' };
  const ANSWERS = { "pvesh get": "{}", "systemctl show": "ActiveState=inactive\n" };

  /** A host whose `pvecm add` prints this, and whose unit then is in this state. */
  function joining(
    stdout: string,
    more: { stderr?: string; state?: string; files?: Record<string, string> } = {},
  ) {
    let input: string | undefined;
    const fake = fakeHost(STANDALONE, ANSWERS, (line, files, answers) => {
      if (!line.startsWith("systemd-run")) return undefined;
      const unit = /--unit=(\S+)/.exec(line)?.[1] ?? "";
      input = files.get(`/run/tailmox/${unit}.in`);
      files.set(`/run/tailmox/${unit}.out`, stdout);
      files.set(`/run/tailmox/${unit}.err`, more.stderr ?? "");
      for (const [path, text] of Object.entries(more.files ?? {})) files.set(path, text);
      if (more.state) answers["systemctl show"] = `ActiveState=${more.state}\n`;
      return undefined;
    });
    return { fake, given: () => input };
  }

  test("gives the password on standard input alone, and leaves no file of it", async () => {
    const { fake, given } = joining("successfully added node 'pve3' to cluster.\n");
    expect(await joinCluster(spec).do(open(fake), still)).toBe("taken in");
    expect(given()).toBe("pass word\n");
    expect(fake.changes.join("\n")).not.toContain("pass word");
    expect(await fake.transport.list("/run/tailmox")).toEqual([]);
  });

  test("by ssh pins the host key that the tailnet address presents, in place of an older one", async () => {
    const { fake } = joining("successfully added node 'pve3' to cluster.\n");
    await fake.transport.write(
      "/root/.ssh/known_hosts",
      "100.64.0.1 ssh-rsa OLD\ngithub.com ssh-rsa X\n",
      0o600,
    );
    const admission = { kind: "ssh", hostKey: { type: "ssh-ed25519", key: "NEW" } } as const;
    await joinCluster({ ...spec, admission }).do(open(fake), still);
    expect(await fake.transport.text("/root/.ssh/known_hosts")).toBe(
      "github.com ssh-rsa X\n100.64.0.1 ssh-ed25519 NEW\n",
    );
  });

  test("that was refused says so though pvecm exits 0, and that nothing of it is left", async () => {
    const { fake } = joining("An error occurred on the cluster node: cluster not ready - no quorum?\n", {
      stderr: "Cluster join aborted!\n",
    });
    const error: unknown = await joinCluster(spec)
      .do(open(fake), still)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "E_JOIN_FAILED" });
    expect(error instanceof UserError && error.likely).toContain("cluster not ready - no quorum?");
    expect(String(error)).toContain("Nothing of the join is left");
    expect(String(error)).toContain("pve3: standalone and as it was");
    expect(fake.changes.join("\n")).not.toContain("stop pve-cluster");
  });

  /** What the member says: it lists the joiner until it is told to forget it. */
  function member(order: string[]) {
    const own = { name: "pve3", id: 2, link0: "100.64.0.3", votes: 1, published: "", online: false };
    let listed = true;
    return {
      askMember: async () =>
        listed
          ? { ...cluster, expectedVotes: 2, quorate: false, members: [...cluster.members, own] }
          : cluster,
      takeOut: async () => {
        order.push("delnode");
        listed = false;
      },
    };
  }
  const HANGS = "Request addition of this node\nwaiting for quorum...";
  const ARMED = JSON.stringify({
    ...{ node: "pve3", cluster: "tailmox", unit: "tailmox-join-1", copies: "/c", saved: [], absent: [] },
    ...{ armedAt: "2026-11-23T07:00:00Z", firesAt: "2026-11-23T07:03:00Z" },
  });

  /** A host whose join hangs, with a guard that can restore it. */
  function hanging(order: string[]): FakeHost {
    return fakeHost(
      { ...STANDALONE, [ARMED_FILE]: ARMED },
      { "pvesh get": "{}", "systemctl show": "ActiveState=active\n" },
      (line, files, answers) => {
        if (line.startsWith("systemctl stop")) answers["systemctl show"] = "ActiveState=inactive\n";
        if (line.startsWith("systemctl")) order.push(line);
        if (line.startsWith("systemd-run")) {
          files.set(`/run/tailmox/${/--unit=(\S+)/.exec(line)?.[1]}.out`, HANGS);
          files.set("/etc/corosync/authkey", "x");
        }
        if (line === "systemctl start tailmox-guard.service") {
          const done = { outcome: "restored", at: "2026-11-23T07:02:00Z", files: 25, differing: [] };
          files.set(REPORT_FILE, JSON.stringify({ node: "pve3", cluster: "tailmox", copies: "/c", ...done }));
        }
        return undefined;
      },
    );
  }

  test("that hangs is undone: pvecm, corosync, the member's list, this host, in this order", async () => {
    const order: string[] = [];
    const fake = hanging(order);
    const doing = joinCluster({ ...spec, ...member(order) }).do(open(fake), still);
    const error: unknown = await doing.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "E_JOIN_TIMEOUT" });
    expect(String(error)).toContain('did not get past "waiting for quorum"');
    expect(String(error)).toContain("pve3 removed from the cluster (quorate, 1 of 1 votes)");
    expect(String(error)).toContain("own /etc/pve as it was (checked, 25 files)");
    const wanted = [
      /stop tailmox-join-/,
      /stop pve-cluster corosync/,
      /delnode/,
      /start tailmox-guard.service/,
    ];
    const places = wanted.map((words) => order.findIndex((line) => words.test(line)));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    // It was told: the next run need not.
    expect(await fake.transport.text(REPORT_FILE)).toBeUndefined();
  });

  test("whose member does not answer any more restores this host alone, and says what comes next", async () => {
    const order: string[] = [];
    const fake = hanging(order);
    const gone = { ...spec, askMember: () => Promise.reject(new Error("no route")) };
    const error: unknown = await joinCluster(gone)
      .do(open(fake), still)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("pve1: unknown, it did not answer; it may list pve3");
    expect(String(error)).toContain("as it was (checked, 25 files)");
    expect(error instanceof UserError && error.mend).toContain("removes the entry first");
    expect(order).not.toContain("delnode");
  });

  test("whose corosync does not end is left alone: the cluster must not forget a host that still speaks", async () => {
    const order: string[] = [];
    const fake = fakeHost(
      { ...STANDALONE, "/etc/corosync/authkey": "x" },
      { "systemctl show corosync": "ActiveState=deactivating\n", ...ANSWERS },
    );
    const doing = joinCluster({ ...spec, ...member(order) }).do(open(fake), still);
    const error: unknown = await doing.catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("corosync does not end though it was killed");
    expect(error instanceof UserError && error.mend).toContain("docs/undo-by-hand.md");
    expect(order).toEqual([]);
  }, 20_000);

  test("is not taken back by itself", async () => {
    expect(await codeOf(joinCluster(spec).undo(open(fakeHost({}, {}))))).toBe("E_JOIN_FAILED");
  });
});
