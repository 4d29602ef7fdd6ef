import { describe, expect, test } from "bun:test";
import { UserError } from "../../../../src/errors.ts";
import { HOSTS_TEMPLATE, managesHosts, readHostsManager } from "../../../../src/host/cloud-init.ts";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { hasTemplateLines, hostsTemplate } from "../../../../src/steps/hosts-template.ts";
import { templateOfHosts } from "../../../../src/up/hosts-manager.ts";
import { askAboutStorageNames } from "../../../../src/up/storage-names.ts";
import type { Ask } from "../../../../src/up/talk.ts";
import { fakeHost } from "./fake-host.ts";
import { OPTIONS, silentTalk } from "./options.ts";

const ENTRIES = [{ address: "100.64.0.1", name: "pve1", dnsName: "pve1.ts.net" }];

function hostWith(files: Record<string, string>) {
  const fake = fakeHost(files, { "getent ahosts": "192.168.1.20 STREAM pve1\n" });
  return { fake, host: openHost(fake.transport, openGate(noJournal), noJournal) };
}

async function codeOf(doing: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await doing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return undefined;
  return error instanceof UserError ? error.code : String(error);
}

describe("a storage that names a node by its name", () => {
  const ask = (storages: string, options: Partial<typeof OPTIONS> = {}, answer?: boolean) => {
    const person: Ask = {
      goOn: async () => answer ?? false,
      typedYes: async () => false,
      password: async () => undefined,
    };
    const company = { talk: silentTalk, journal: noJournal, ask: answer === undefined ? undefined : person };
    const { host } = hostWith({ "/etc/pve/storage.cfg": storages });
    return codeOf(askAboutStorageNames(host, ENTRIES, { ...OPTIONS, dryRun: false, ...options }, company));
  };
  const NAMED = "nfs: nas\n\tserver PVE1\n\texport /tank\n";

  test("goes through the tailnet only with somebody's word", async () => {
    expect(await ask(NAMED)).toBe("E_RISK");
    expect(await ask(NAMED, { acceptRisks: ["storage-name"] })).toBeUndefined();
    expect(await ask(NAMED, { yes: false }, true)).toBeUndefined();
    expect(await ask(NAMED, { yes: false }, false)).toBe("E_RISK");
    expect(await ask(NAMED, { dryRun: true })).toBeUndefined();
  });

  test("is another one where it names an address, the LAN's name, or another host", async () => {
    for (const server of ["192.168.1.20", "pve1.lan", "pve10", "nas.pve1"]) {
      expect(await ask(`nfs: nas\n\tserver ${server}\n`)).toBeUndefined();
    }
  });
});

describe("cloud-init", () => {
  const manager = (files: Record<string, string>) => readHostsManager(hostWith(files).fake.transport);
  const CFG = "/etc/cloud/cloud.cfg";

  test("that is not there, is switched off, or leaves /etc/hosts alone is nobody's business", async () => {
    expect(await manager({})).toEqual({ kind: "nobody" });
    expect(await manager({ [CFG]: "users: [default]\n# manage_etc_hosts: true\n" })).toEqual({
      kind: "nobody",
    });
    const off = { [CFG]: "manage_etc_hosts: true\n", "/etc/cloud/cloud-init.disabled": "" };
    expect(await manager(off)).toEqual({ kind: "nobody" });
  });

  test("is told by the last word: of the image, its drop-ins, then the instance", async () => {
    const files = { [CFG]: "manage_etc_hosts: false\n", [HOSTS_TEMPLATE]: "x\n" };
    const instance = { "/var/lib/cloud/instance/cloud-config.txt": "manage_etc_hosts: True\n" };
    expect(await manager({ ...files, ...instance })).toEqual({ kind: "template", text: "x\n" });
    const dropIn = {
      [CFG]: "manage_etc_hosts: true\n",
      "/etc/cloud/cloud.cfg.d/99.cfg": "manage_etc_hosts: no\n",
    };
    expect(await manager(dropIn)).toEqual({ kind: "nobody" });
  });

  test.each(["true", "localhost"])(
    "that writes names by %s without a template stops the plan",
    async (value) => {
      const { fake, host } = hostWith({ [CFG]: `manage_etc_hosts: ${value}\n` });
      expect(await codeOf(templateOfHosts(host))).toBe("E_CLOUD_INIT");
      expect(fake.changes).toEqual([]);
    },
  );

  test("has its template edited, backed up, and put back byte for byte", async () => {
    const before = "## template:jinja\n127.0.1.1 {{fqdn}} {{hostname}}\n127.0.0.1 localhost\n";
    const { fake, host } = hostWith({ [HOSTS_TEMPLATE]: before });
    const step = hostsTemplate({ entries: ENTRIES });
    expect(await step.check(host)).toBe(false);
    await step.do(host, () => {});
    expect(await step.check(host)).toBe(true);
    expect(await hasTemplateLines(host)).toBe(true);
    expect(await fake.transport.text(HOSTS_TEMPLATE)).toContain("100.64.0.1 pve1.ts.net pve1\n");
    await step.undo(host);
    expect(await fake.transport.text(HOSTS_TEMPLATE)).toBe(before);
  });

  test("has what somebody else wrote since kept", async () => {
    const { fake, host } = hostWith({ [HOSTS_TEMPLATE]: "127.0.0.1 localhost\n" });
    const step = hostsTemplate({ entries: ENTRIES });
    await step.do(host, () => {});
    const edited = (await fake.transport.text(HOSTS_TEMPLATE)) ?? "";
    await fake.transport.write(HOSTS_TEMPLATE, `10.0.0.5 nas\n${edited}`, 0o644);
    await step.undo(host);
    expect(await fake.transport.text(HOSTS_TEMPLATE)).toBe("10.0.0.5 nas\n127.0.0.1 localhost\n");
  });

  test("writes its value in several ways", () => {
    expect(
      ["True", '"localhost"', "'template' # x"].map((value) => managesHosts(`manage_etc_hosts: ${value}`)),
    ).toEqual(["true", "localhost", "template"]);
  });
});
