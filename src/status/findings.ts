import type { MemberStatus } from "./status.ts";

/** What of the members should be mended, in words. */
export function memberFindings(members: readonly MemberStatus[]): string[] {
  return [
    ...members
      .filter(({ online }) => !online)
      .map(({ name }) => `${name} is away: it is off, or its link is down. Mend: tailmox check ${name}`),
    ...members
      .filter(({ online, link }) => online && link === "down")
      .map(({ name }) => `the link to ${name} is down, others still hear it. Mend: tailmox check ${name}`),
    ...outdated(members),
  ];
}

/** One line for all: they are upgraded in one go, one after the other. */
function outdated(members: readonly MemberStatus[]): string[] {
  const old = members.filter(({ tailscale }) => tailscale?.newer);
  if (old.length === 0) return [];
  const latest = old[0]?.tailscale?.newer?.version;
  const urgent = old.some(({ tailscale }) => tailscale?.newer?.urgent);
  const who = old.map(({ name, tailscale }) => `${name} ${tailscale?.version}`).join(", ");
  return [
    `Tailscale is outdated: ${who}; ${latest} is out${urgent ? ", with a security update" : ""}. ` +
      "Mend: apt-get install --only-upgrade tailscale, one host after the other",
  ];
}
