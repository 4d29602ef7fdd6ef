import type { Member } from "./facts.ts";
import { type HostsEntry, readBlock } from "./hosts-file.ts";
import { sameName } from "./names.ts";

/** The names of a host and of all members: the host itself first, then by node id, as `tailmox up` there writes them. */
export function namesOfAll(self: HostsEntry, members: readonly Member[]): HostsEntry[] {
  const others = members.filter(({ name, link0 }) => !sameName(name, self.name) && IPV4.test(link0));
  return [self, ...others.map(({ name, link0 }) => ({ address: link0, name, dnsName: "" }))];
}

/**
 * The same for another member, by its own /etc/hosts. Where tailmox has no lines there, the member's own name stays
 * as it is: what it publishes of itself is changed only by `tailmox up` there.
 */
export function namesForMember(hostsText: string, member: Member, members: readonly Member[]): HostsEntry[] {
  const [self, ...others] = namesOfAll({ address: member.link0, name: member.name, dnsName: "" }, members);
  const own = readBlock(hostsText)?.some(({ name }) => sameName(name, member.name));
  return self && own ? [self, ...others] : others;
}

/** A node list may hold names, too: those have no place in /etc/hosts. */
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
