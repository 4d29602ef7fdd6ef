import { rangeWords } from "./ports.ts";
import type { Gift } from "./rules.ts";

/** What a rule gives, in words: "tcp 22, 443", "everything". */
export function giftWords({ protocols, ports }: Pick<Gift, "protocols" | "ports">): string {
  const names = protocols.map((number) => NAMES[number] ?? `protocol ${number}`);
  const everyPort = ports.some(({ first, last }) => first <= 1 && last === 65_535);
  const usual = protocols.length > 1;
  if (usual && everyPort) return "everything";
  if (everyPort)
    return names.length === 1 && names[0] === "icmp" ? "icmp" : `${names.join(", ")} on every port`;
  return `${usual ? "tcp and udp" : names.join(", ")} ${ports.map(rangeWords).join(", ")}`;
}

const NAMES: Readonly<Record<number, string>> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp" };
