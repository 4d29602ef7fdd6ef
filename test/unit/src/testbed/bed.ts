import { closedGate, openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { type CreateWishes, createTestbed } from "../../../../src/testbed/create.ts";
import { destroyTestbed } from "../../../../src/testbed/destroy.ts";
import { openGround } from "../../../../src/testbed/ground.ts";
import { type RevertWishes, revertTestbed } from "../../../../src/testbed/revert.ts";
import { silentTalk } from "../up/options.ts";
import { type FakeProxmox, fakeProxmox, proxmoxWith, TEMPLATE } from "./fake-proxmox.ts";

export const company = { talk: silentTalk, ask: undefined, journal: noJournal };

const WISHES: CreateWishes = {
  template: TEMPLATE,
  image: undefined,
  nodes: 2,
  prefix: "tailmox-test",
  vmid: 201,
  storage: undefined,
  bridge: "vmbr0",
  memoryMiB: 4096,
  cores: 2,
  snapshot: "ready-for-testing",
  acceptNoNested: false,
  yes: true,
  dryRun: false,
  bootMs: 300,
};

export async function groundOf(fake: FakeProxmox, dryRun = false) {
  const host = openHost(fake.carrier, dryRun ? closedGate : openGate(noJournal), noJournal);
  return openGround(host, fake.carrier);
}

export async function create(fake: FakeProxmox, wishes: Partial<CreateWishes> = {}) {
  return createTestbed(await groundOf(fake, wishes.dryRun), { ...WISHES, ...wishes }, company);
}

export async function revert(fake: FakeProxmox, wishes: Partial<RevertWishes> = {}) {
  const all = { wanted: [], snapshot: undefined, plane: undefined, yes: true, dryRun: false, bootMs: 300 };
  return revertTestbed(await groundOf(fake, wishes.dryRun), { ...all, ...wishes }, company);
}

export async function destroy(fake: FakeProxmox) {
  const wishes = { wanted: [], plane: undefined, yes: true, dryRun: false };
  return destroyTestbed(await groundOf(fake), wishes, company);
}

let made: Promise<FakeProxmox> | undefined;

/** A Proxmox host with a testbed of two; each caller has its own. */
export async function bedOfTwo(): Promise<FakeProxmox> {
  made ??= (async () => {
    const fake = fakeProxmox();
    await create(fake);
    return fake;
  })();
  const { vms, files } = await made;
  return proxmoxWith(structuredClone(vms), new Map(files));
}
