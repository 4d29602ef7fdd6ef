import { expect, test } from "bun:test";
import fc from "fast-check";
import { inFstab, inStorages, readRemoteServers } from "../../../../src/host/remote-servers.ts";

test("the servers of storages, mounts and the resolver are found by what needs them", async () => {
  const files: Record<string, string> = {
    "/etc/pve/storage.cfg": `dir: local
\tpath /var/lib/vz

nfs: nas
\texport /tank
\tserver 192.168.5.2
\tcontent images

iscsi: san
\tportal 192.168.5.3:3260
\ttarget iqn.x

rbd: ceph
\tmonhost 10.0.0.1 10.0.0.2
`,
    "/etc/fstab": `# server:/old /old nfs
UUID=1-2 / ext4 defaults 0 1
files.example:/export /mnt/files nfs defaults 0 0
//win/share /mnt/win cifs guest 0 0
`,
    "/etc/resolv.conf": "search lan\nnameserver 192.168.1.1\nnameserver 100.100.100.100\n",
  };
  expect(await readRemoteServers({ text: async (path) => files[path] })).toEqual([
    { what: 'storage "nas"', server: "192.168.5.2" },
    { what: 'storage "san"', server: "192.168.5.3" },
    { what: 'storage "ceph"', server: "10.0.0.1" },
    { what: 'storage "ceph"', server: "10.0.0.2" },
    { what: "mount /mnt/files", server: "files.example" },
    { what: "mount /mnt/win", server: "win" },
    { what: "name server", server: "192.168.1.1" },
  ]);
});

test("any other text names no server that is empty, and nothing throws", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const { server } of [...inStorages(text), ...inFstab(text)]) expect(server).not.toBe("");
    }),
  );
});
