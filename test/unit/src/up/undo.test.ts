import { expect, test } from "bun:test";
import { UserError } from "../../../../src/errors.ts";
import { HOSTS_TEMPLATE } from "../../../../src/host/cloud-init.ts";
import { closedGate, openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { DROP_IN_PATH } from "../../../../src/steps/corosync-order.ts";
import { LIST_PATH, sourcesList } from "../../../../src/tailnet/vendor.ts";
import { undo } from "../../../../src/up/undo.ts";
import { type Answers, fakeHost } from "./fake-host.ts";
import { silentTalk } from "./options.ts";

const MISSING = { exitCode: null, stderr: "spawn tailscale ENOENT" };
const BEFORE = "127.0.0.1 localhost\n192.168.1.11 pve1.lan pve1\n";
const ORDER = "# Written by tailmox.\n[Unit]\nAfter=tailscaled.service\n";
const EDITED = `127.0.0.1 localhost
192.168.1.11 pve1.lan
# BEGIN tailmox: addresses in the tailnet. tailmox rewrites these lines.
100.64.0.1 pve1.lan pve1
# END tailmox
`;
const CLEAN = {
  "/etc/os-release": 'VERSION_ID="13"\nVERSION_CODENAME=trixie\n',
  "/etc/hosts": BEFORE,
  "/etc/pve/.members": '{"nodename": "pve1", "version": 1}',
};
const CHANGED = {
  ...CLEAN,
  "/etc/hosts": EDITED,
  "/var/lib/tailmox/backups/hosts-2026-01-01": BEFORE,
  [DROP_IN_PATH]: ORDER,
  [LIST_PATH]: sourcesList("trixie"),
};
const ANSWERS: Answers = {
  pveversion: "pve-manager/9.1.2/9d436f37a0ac4172 (running kernel: 6.17.2-1-pve)\n",
  "uname -n": "pve1\n",
  "pvesh get": "{}",
  "systemctl show": "ActiveState=inactive\n",
  journalctl: "resolved node name 'pve1' to '100.64.0.1' for default node IP address\n",
  "tailscale status": MISSING,
  "tailscale debug": MISSING,
};

async function runUndo(
  files: Record<string, string>,
  { dryRun = false, yes = true, more = {} }: { dryRun?: boolean; yes?: boolean; more?: Answers } = {},
) {
  const fake = fakeHost(files, { ...ANSWERS, ...more }, (line, _, answers) => {
    if (line === "systemctl restart pve-cluster") {
      answers.journalctl = "resolved node name 'pve1' to '192.168.1.11' for default node IP address\n";
    }
    return undefined;
  });
  const host = openHost(fake.transport, dryRun ? closedGate : openGate(noJournal), noJournal);
  const options = { tailscale: false, acceptRisks: [], yes, dryRun };
  const company = { talk: silentTalk, ask: undefined, journal: noJournal };
  return { fake, result: await undo(host, options, company), again: () => undo(host, options, company) };
}

test("what up changed is taken back; then nothing is left to do", async () => {
  const { fake, result, again } = await runUndo(CHANGED);
  expect(result.outcome).toBe("undone");
  expect(await fake.transport.text("/etc/hosts")).toBe(BEFORE);
  expect(await fake.transport.text(DROP_IN_PATH)).toBeUndefined();
  expect(await fake.transport.text(LIST_PATH)).toBeUndefined();
  expect(await again()).toMatchObject({ outcome: "nothing to do", steps: [] });
});

test("a dry run shows the same steps and changes nothing", async () => {
  const { fake, result } = await runUndo(CHANGED, { dryRun: true });
  expect(result.steps).toEqual((await runUndo(CHANGED)).result.steps);
  expect(fake.changes).toEqual([]);
});

test("a host that tailmox never changed is left alone", async () => {
  const { fake, result } = await runUndo(CLEAN);
  expect(result.outcome).toBe("nothing to do");
  expect(fake.changes).toEqual([]);
});

test("a saved file that knows no address for the node is refused before anything changes", async () => {
  const lost = { ...CHANGED, "/etc/hosts": EDITED.replace("192.168.1.11 pve1.lan\n", "") };
  const { "/var/lib/tailmox/backups/hosts-2026-01-01": _, ...files } = lost;
  const refused: unknown = await runUndo(files).catch((error: unknown) => error);
  expect(refused instanceof UserError && refused.code).toBe("E_UNDO_HOSTS");
});

test("a Service that leads to the web page is withdrawn, one that leads elsewhere stays", async () => {
  const serving = (label: string, proxy: string) => ({
    TCP: { "443": { HTTPS: true } },
    Web: { [`${label}.ts.net:443`]: { Handlers: { "/": { Proxy: proxy } } } },
  });
  const services = {
    "svc:tailmox": serving("tailmox", "https+insecure://127.0.0.1:8006"),
    "svc:files": serving("files", "http://127.0.0.1:80"),
  };
  const status = {
    Version: "1.102.3",
    BackendState: "Running",
    Self: { DNSName: "pve1.ts.net.", TailscaleIPs: ["100.64.0.1"] },
  };
  const more = {
    "tailscale status": JSON.stringify(status),
    "tailscale debug": "{}",
    "tailscale serve status": JSON.stringify({ Services: services }),
  };
  const { fake } = await runUndo(CLEAN, { more });
  expect(fake.changes).toEqual(["run tailscale serve clear svc:tailmox"]);
});

test("cloud-init's template is as it was", async () => {
  const before = "127.0.1.1 {{fqdn}} {{hostname}}\n127.0.0.1 localhost\n";
  const [, block = ""] = EDITED.split("192.168.1.11 pve1.lan\n");
  const files = {
    ...CHANGED,
    [HOSTS_TEMPLATE]: `127.0.0.1 localhost\n${block}`,
    "/var/lib/tailmox/backups/template-2026-01-01": before,
  };
  const { fake } = await runUndo(files);
  expect(await fake.transport.text(HOSTS_TEMPLATE)).toBe(before);
});
