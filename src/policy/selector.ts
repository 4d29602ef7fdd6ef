import { type Prefix, parsePrefix } from "./prefix.ts";

/** Whom a word in `src` or `dst` means. */
export type Selector =
  | { readonly kind: "everybody" }
  | { readonly kind: "prefix"; readonly prefix: Prefix }
  | {
      readonly kind: "tag" | "group" | "user" | "autogroup" | "host" | "ipset" | "service";
      readonly name: string;
    }
  | { readonly kind: "unknown"; readonly name: string };

/** Reads a word of `src` or of a grant's `dst`. The order is headscale's, which is the hosted service's. */
export function parseSelector(word: string): Selector {
  const prefix = parsePrefix(word);
  if (prefix) return { kind: "prefix", prefix };
  if (word === "*") return { kind: "everybody" };
  if (word.includes("@")) return { kind: "user", name: word };
  const [kind] = Object.entries(KINDS).find(([start]) => word.startsWith(start)) ?? [];
  if (kind !== undefined && KINDS[kind]) return { kind: KINDS[kind], name: word };
  return word.includes(":") || word === "" ? { kind: "unknown", name: word } : { kind: "host", name: word };
}

/** Splits the `dst` of an acl at its last colon; IPv6 addresses may stand in brackets. */
export function splitDestination(text: string): { target: string; ports: string } | undefined {
  const bare = /^\[([0-9a-fA-F:.]+)\](.*)$/.exec(text);
  const whole = bare ? `${bare[1]}${bare[2]}` : text;
  const colon = whole.lastIndexOf(":");
  if (colon <= 0 || colon === whole.length - 1) return undefined;
  return { target: whole.slice(0, colon), ports: whole.slice(colon + 1) };
}

const KINDS: Readonly<Record<string, "group" | "tag" | "autogroup" | "ipset" | "service">> = {
  "group:": "group",
  "tag:": "tag",
  "autogroup:": "autogroup",
  "ipset:": "ipset",
  "svc:": "service",
};
