import { editHosts, type HostsEntry } from "./hosts-file.ts";

/**
 * The template from which cloud-init writes /etc/hosts at each boot, edited as /etc/hosts itself is. Where it
 * stands for the host's name by a placeholder, the name stands first, so that it is taken out of that line.
 * All other lines stay byte for byte.
 */
export function editTemplate(text: string, entries: readonly HostsEntry[]): string {
  const [own] = entries;
  return own ? editHosts(text.replace(PLACEHOLDER, own.name), entries) : text;
}

/** By Jinja or in the basic form of cloud-init; both names are this host's. */
const PLACEHOLDER = /\{\{[ \t]*(?:hostname|fqdn)[ \t]*\}\}|\$\{(?:hostname|fqdn)\}|\$(?:hostname|fqdn)\b/g;
