/**
 * The text of /etc/hosts for a host that gets another name: the old one, alone or qualified, is replaced in its
 * place. Where it did not stand, a line with the address is added: without one pmxcfs does not start (proxmox.md 1).
 */
export function renameInHosts(text: string, old: string, name: string, address: string | undefined): string {
  let found = false;
  const lines = text.split("\n").map((line) => {
    const [entry = "", ...comment] = line.split("#");
    const words = entry.split(/(\s+)/);
    const host = words[0] ?? "";
    const renamed = words.map((word, index) => {
      if (index === 0 || (word !== old && !word.startsWith(`${old}.`))) return word;
      return `${name}${word.slice(old.length)}`;
    });
    if (renamed.includes(name) && !host.startsWith("127.") && host !== "::1") {
      found = true;
      // The template's address is not the clone's, where it comes by DHCP.
      if (address !== undefined && /^\d/.test(host)) renamed[0] = address;
    }
    return [renamed.join(""), ...comment].join("#");
  });
  if (found || address === undefined) return lines.join("\n");
  const body = lines.join("\n");
  return `${body}${body === "" || body.endsWith("\n") ? "" : "\n"}${address} ${name}\n`;
}
