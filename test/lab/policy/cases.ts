import { printPolicy } from "../../../src/policy/print.ts";

/** Addresses of the devices, to be named in rules. */
export interface Addresses {
  readonly pve1: string;
  readonly pve2: string;
  readonly laptop: string;
  readonly nas: string;
}

const OWNERS = '"tagOwners": { "tag:tailmox": ["lab@"], "tag:other": [], "tag:tailmox-old": [] },';

/** Policies of every kind that both headscale and tailmox are asked about, by name. */
export function policyCases({ pve1, pve2, laptop, nas }: Addresses): ReadonlyMap<string, string> {
  const grants = (...rules: string[]) => `{\n ${OWNERS}\n "grants": [\n${rules.join(",\n")}\n ]\n}`;
  const acls = (...rules: string[]) => `{\n ${OWNERS}\n "acls": [\n${rules.join(",\n")}\n ]\n}`;
  const grant = (src: string, dst: string, ...ip: string[]) =>
    JSON.stringify({ src: src.split(" "), dst: dst.split(" "), ip });
  const acl = (src: string, dst: string, proto?: string) =>
    JSON.stringify({
      action: "accept",
      ...(proto !== undefined && { proto }),
      src: src.split(" "),
      dst: dst.split(" "),
    });
  const T = "tag:tailmox";
  const features = {
    tag: T,
    admins: ["lab@"],
    migration: true,
    console: true,
    qdevice: undefined,
    service: undefined,
  };
  return new Map([
    ["printed, grants", printPolicy(features, "grants", "headscale")],
    ["printed, acls", printPolicy(features, "acls", "headscale")],
    ["printed without web", printPolicy({ ...features, admins: [] }, "grants", "headscale")],
    [
      "printed without console and migration, admins by autogroup",
      printPolicy(
        { ...features, admins: ["autogroup:member"], console: false, migration: false },
        "acls",
        "headscale",
      ),
    ],
    ["no rules at all: headscale allows everything", `{\n ${OWNERS} }`],
    ["empty grants", grants()],
    ["empty acls", acls()],
    ["empty grants beside acls", `{ ${OWNERS} "grants": [], "acls": [${acl(T, `${T}:*`)}] }`],
    ["everything to everybody, acl", acls(acl("*", "*:*"))],
    ["everything to everybody, grant", grants(grant("*", "*", "*"))],
    ["members everything", grants(grant(T, T, "*"))],
    ["members tcp alone", acls(acl(T, `${T}:*`, "tcp"))],
    ["members udp alone", acls(acl(T, `${T}:*`, "udp"))],
    ["a protocol by number", acls(acl(T, `${T}:5405-5412`, "17"), acl(T, `${T}:22`, "6"))],
    ["a protocol in capitals", acls(acl(T, `${T}:22,8006`, "TCP"))],
    ["a grant's protocol by number", grants(grant(T, T, "6:22", "17:5405-5412"))],
    ["icmp alone", acls(acl(T, `${T}:*`, "icmp"))],
    ["icmp alone, grant", grants(grant(T, T, "icmp:*"))],
    ["a protocol without ports: only ping gets through", acls(acl(T, `${T}:*`, "gre"))],
    ["sctp on the cluster's ports", acls(acl(T, `${T}:22,5405`, "sctp"))],
    ["ports without protocol", grants(grant(T, T, "22", "8006", "5405-5412"))],
    ["half of corosync's ports", grants(grant(T, T, "tcp:22", "tcp:8006", "udp:5405-5408"))],
    ["one port of the range is missing", grants(grant(T, T, "tcp:22", "udp:5405-5407", "udp:5409-5412"))],
    ["ports in a list and a range", acls(acl(T, `${T}:22,443,8006,60000-60050`))],
    ["tcp where udp is needed", grants(grant(T, T, "tcp:5405-5412", "tcp:22", "tcp:8006"))],
    ["one direction only, by address", acls(acl(pve1, `${pve2}:*`))],
    ["both directions by address", grants(grant(`${pve1} ${pve2}`, `${pve1} ${pve2}`, "*"))],
    ["by a network that holds them", acls(acl("100.64.0.0/10", "100.64.0.0/10:22,5405-5412"))],
    ["by a small network", grants(grant(`${pve1}/31`, T, "tcp:22"))],
    [
      "by hosts",
      `{ ${OWNERS} "hosts": { "one": "${pve1}", "two": "${pve2}/32", "far": "192.0.2.1" },
      "acls": [${acl("one", "two:22,8006")}, ${acl("two far", "one:5405")}] }`,
    ],
    ["by an IPv6 network: nothing of IPv4", grants(grant("fd7a:115c:a1e0::/48", T, "*"))],
    ["the laptop's address", acls(acl(laptop, `${T}:22`), acl(T, `${T}:5405-5412`))],
    ["a user", grants(grant("lab@", T, "tcp:443", "tcp:8006"), grant(T, T, "*"))],
    ["a user to nobody", grants(grant("lab@", "lab@", "*"))],
    [
      "a group with the user",
      `{ ${OWNERS} "groups": { "group:ops": ["lab@"] },
      "grants": [${grant("group:ops", T, "tcp:8006", "udp:5404-5405")}] }`,
    ],
    [
      "an empty group",
      `{ ${OWNERS} "groups": { "group:none": [] }, "acls": [${acl("group:none", `${T}:*`)}] }`,
    ],
    ["members of the tailnet", acls(acl("autogroup:member", `${T}:443,8006`), acl(T, `${T}:*`))],
    [
      "tagged devices among themselves",
      grants(grant("autogroup:tagged", "autogroup:tagged", "tcp:22", "udp:5405")),
    ],
    ["everybody to tagged devices", acls(acl("*", "autogroup:tagged:8006"))],
    ["danger-all", grants(grant("autogroup:danger-all", T, "tcp:22"))],
    ["own devices alone", acls(acl("autogroup:member", "autogroup:self:*"))],
    ["the internet is not the tailnet", acls(acl("*", "autogroup:internet:*"))],
    [
      "another tag that begins the same",
      grants(grant("tag:tailmox-old", T, "*"), grant(T, "tag:tailmox-old", "*")),
    ],
    ["another tag to members", grants(grant("tag:other", T, "tcp:3128", "udp:5412"))],
    ["members to another tag", acls(acl(T, "tag:other:*"))],
    ["the nas by address, all else by tag", grants(grant(nas, `${pve1}`, "tcp:22-24"), grant(T, T, "*"))],
    ["a wildcard source beside a tag", acls(acl(`* ${T}`, `${T}:22`))],
    ["a source without a device", grants(grant("192.0.2.0/24", T, "*"))],
    [
      "an app alone gives no network",
      `{ ${OWNERS} "grants": [{ "src": ["*"], "dst": ["*"], "app": { "example.com/cap/x": [{}] } }] }`,
    ],
    [
      "a grant by way of a router",
      `{ ${OWNERS} "grants": [{ "src": ["*"], "dst": ["${pve1}"], "ip": ["*"], "via": ["tag:other"] }] }`,
    ],
    [
      "names in capitals, comments, trailing commas",
      `// mine\n{ "TagOwners": { "tag:tailmox": [], }, /* rules */
      "ACLs": [ { "Action": "accept", "Src": ["${T}"], "Dst": ["${T}:22", "${T}:5405-5412",], }, ], }`,
    ],
    ["every port but none below 1024", grants(grant("*", T, "tcp:1024-65535", "udp:1024-65535"))],
    ["a port list with a range in a grant", grants(grant(T, T, "tcp:22,443,8000-8010"))],
    [
      "rules that add up",
      grants(grant(T, T, "tcp:22"), grant(T, T, "udp:5405-5412"), grant("*", T, "tcp:8006")),
    ],
  ]);
}

/** Policies that headscale refuses, by what is wrong with them. */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  ["a tag without owner", '{ "acls": [{ "action": "accept", "src": ["tag:x"], "dst": ["*:*"] }] }'],
  ["a group that is not defined", '{ "acls": [{ "action": "accept", "src": ["group:x"], "dst": ["*:*"] }] }'],
  ["a host that is not defined", '{ "acls": [{ "action": "accept", "src": ["*"], "dst": ["nowhere:22"] }] }'],
  ["an action that is none", '{ "acls": [{ "action": "deny", "src": ["*"], "dst": ["*:*"] }] }'],
  ["a destination without port", '{ "acls": [{ "action": "accept", "src": ["*"], "dst": ["*"] }] }'],
  ["port 0", '{ "grants": [{ "src": ["*"], "dst": ["*"], "ip": ["tcp:0"] }] }'],
  ["a protocol without ports", '{ "grants": [{ "src": ["*"], "dst": ["*"], "ip": ["icmp"] }] }'],
  ["a port that is too high", '{ "grants": [{ "src": ["*"], "dst": ["*"], "ip": ["tcp:70000"] }] }'],
  ["a range upside down", '{ "grants": [{ "src": ["*"], "dst": ["*"], "ip": ["tcp:30-20"] }] }'],
  [
    "a protocol that is none",
    '{ "acls": [{ "action": "accept", "proto": "smtp", "src": ["*"], "dst": ["*:*"] }] }',
  ],
  ["ports of gre", '{ "acls": [{ "action": "accept", "proto": "gre", "src": ["*"], "dst": ["*:22"] }] }'],
  [
    "an autogroup of the hosted service",
    '{ "acls": [{ "action": "accept", "src": ["autogroup:admin"], "dst": ["*:*"] }] }',
  ],
  [
    "autogroup:self for a tag",
    '{ "tagOwners": { "tag:x": [] }, "grants": [{ "src": ["tag:x"], "dst": ["autogroup:self"], "ip": ["*"] }] }',
  ],
  ["Services", '{ "autoApprovers": { "services": { "svc:x": [] } } }'],
  ["a section that headscale lacks", '{ "ipsets": {} }'],
  ["a grant that gives nothing", '{ "grants": [{ "src": ["*"], "dst": ["*"] }] }'],
  ["an unknown field in a rule", '{ "acls": [{ "action": "accept", "users": ["*"], "ports": ["*:*"] }] }'],
  ["a name that stands twice", '{ "hosts": { "a": "10.0.0.1", "a": "10.0.0.2" } }'],
]);
