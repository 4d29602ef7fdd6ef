import { isIP } from "node:net";
import { PveError } from "../errors.ts";
import { resolve } from "../node/addresses.ts";
import { parsePropertyString } from "../params/property-string.ts";
import type { Params } from "../params/verify.ts";
import { interfacesOf, nodesOf, type Section } from "./corosync-conf.ts";

/** corosync has eight links, 0 to 7. */
export const MAX_LINK = 7;

export interface Link {
  readonly address: string;
  readonly priority?: number;
}
/** Links by number. */
export type Links = ReadonlyMap<number, Link>;

/** The linkN parameters: `[address=]ADDRESS[,priority=N]` each (proxmox.md 3). */
export function linksOf(params: Params): Links {
  const links = new Map<number, Link>();
  for (let number = 0; number <= MAX_LINK; number++) {
    const text = params[`link${number}`];
    if (text === undefined) continue;
    const { address, priority } = parsePropertyString(String(text), "address");
    links.set(number, {
      address: address ?? "",
      ...(priority !== undefined && { priority: Number(priority) }),
    });
  }
  return links;
}

/** As a parameter again: `address=A[,priority=N]`. */
export function formatLink(link: Link): string {
  return `address=${link.address}${link.priority === undefined ? "" : `,priority=${link.priority}`}`;
}

/**
 * The links that a new member gets, or the refusals of proxmox.md 4.4.
 * Without links the joiner's own address serves, if the cluster has one link only.
 */
export function linksForNewNode(
  conf: Section,
  name: string,
  asked: Links,
  fallback: string | undefined,
): Links {
  const declared = Object.keys(interfacesOf(conf)).map(Number);
  let links = asked;
  if (asked.size === 0) {
    if (fallback === undefined) {
      throw new PveError("no links and no fallback ip (new_node_ip) given, cannot join cluster");
    }
    if (declared.length > 1) {
      throw new PveError(
        "no links given but multiple links found on other nodes, fallback only supported on single-link clusters",
      );
    }
    links = new Map([[declared[0] ?? 0, { address: fallback }]]);
  }
  for (const link of links.values()) assertUnused(conf, name, link.address);
  for (const number of declared) {
    if (!links.has(number)) {
      throw new PveError(
        `corosync: link ${number} exists in cluster config but wasn't specified for new node`,
      );
    }
  }
  for (const number of links.keys()) {
    if (!declared.includes(number)) {
      throw new PveError(`corosync: link ${number} specified for new node doesn't exist in cluster config`);
    }
  }
  return links;
}

/**
 * What is wrong with the links of a whole configuration: `errors` forbid a join, `warnings` are told to the
 * joiner.
 */
export async function verifyLinks(conf: Section): Promise<{ errors: string[]; warnings: string[] }> {
  const declared = Object.keys(interfacesOf(conf));
  const errors: string[] = [];
  const warnings: string[] = [];
  for (const [name, node] of Object.entries(nodesOf(conf))) {
    const used = Object.keys(node).flatMap((key) => /^ring([0-7])_addr$/.exec(key)?.[1] ?? []);
    if (declared.length > 0) {
      for (const number of used.filter((each) => !declared.includes(each))) {
        errors.push(
          `node '${name}' has 'ring${number}_addr', but there is no interface number ${number} configured`,
        );
      }
      for (const number of declared.filter((each) => !used.includes(each))) {
        errors.push(`node '${name}' is missing address for interface number ${number}`);
      }
    }
    for (const number of used) {
      const address = String(node[`ring${number}_addr`]);
      if (!isIP(address)) warnings.push(await nameWarning(name, number, address));
    }
  }
  return { errors, warnings };
}

function assertUnused(conf: Section, name: string, address: string): void {
  for (const [other, node] of Object.entries(nodesOf(conf))) {
    if (other === name) continue;
    const key = Object.keys(node).find((each) => /^ring[0-7]_addr$/.test(each) && node[each] === address);
    if (key)
      throw new PveError(`corosync: address '${address}' already used on link ${key} by node '${other}'`);
  }
}

async function nameWarning(node: string, number: string, name: string): Promise<string> {
  const resolved = (await resolve(name))?.[0];
  return resolved
    ? `ring${number}_addr '${name}' for node '${node}' resolves to '${resolved}' - consider replacing it with the currently resolved IP address for stability`
    : `unable to resolve ring${number}_addr '${name}' for node '${node}' to an IP address according to Corosync's resolve strategy - cluster could fail on restart!`;
}
