import { expect, test } from "bun:test";
import fc from "fast-check";
import { readOwnConfig, sections, userLines } from "../../../../src/proxmox/own-config.ts";
import { fakeHost } from "../up/fake-host.ts";

test("what only this host has is listed by name, and what every host has is not", async () => {
  const { transport } = fakeHost(
    {
      "/etc/pve/storage.cfg": "dir: local\n\tpath /var/lib/vz\n\nnfs: nas\n\tserver 192.0.2.9\n",
      "/etc/pve/user.cfg":
        "user:root@pam:1:0:::a@b.c::\nuser:anna@pve:1:0:::::\ntoken:root@pam!backup:0:1::\n",
      "/etc/pve/priv/acme/default": "{}",
      "/etc/pve/priv/storage/pbs.enc": "key",
      "/etc/pve/jobs.cfg": "vzdump: backup-1234\n\tschedule 02:00\n",
      "/etc/pve/ha/resources.cfg": "vm: 100\n\tstate started\n",
      "/etc/pve/firewall/cluster.fw": "[OPTIONS]\nenable: 1\n",
    },
    {},
  );
  expect(await readOwnConfig(transport)).toEqual([
    'storages: "nas" (nfs)',
    "users: anna@pve",
    "API tokens: root@pam!backup",
    "ACME accounts: default",
    "passwords and keys of storages: pbs.enc",
    'jobs: "backup-1234" (vzdump)',
    'HA resources: "100" (vm)',
    "the datacenter's firewall rules",
  ]);
});

test("a host as installed loses nothing by name", async () => {
  const { transport } = fakeHost(
    {
      "/etc/pve/storage.cfg": "dir: local\n\tpath /var/lib/vz\n",
      "/etc/pve/user.cfg": "user:root@pam:1:0:::::\n",
    },
    {},
  );
  expect(await readOwnConfig(transport)).toEqual([]);
});

test("any text is read without a fault", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(Array.isArray(sections(text))).toBe(true);
      expect(Array.isArray(userLines(text, "user"))).toBe(true);
    }),
  );
});
