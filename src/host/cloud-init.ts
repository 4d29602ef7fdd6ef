import type { Reader } from "./host.ts";

/** Where Debian's cloud-init takes the text of /etc/hosts from, when it is told to write it. */
export const HOSTS_TEMPLATE = "/etc/cloud/templates/hosts.debian.tmpl";

/** Who writes /etc/hosts at each boot. */
export type HostsManager =
  | { readonly kind: "nobody" }
  /** cloud-init renders its template. */
  | { readonly kind: "template"; readonly text: string }
  /** cloud-init in another way, told in words: nothing of ours would last. */
  | { readonly kind: "cloud-init"; readonly words: string };

/** Asks cloud-init's configuration; what the instance was given counts more than what the image has. */
export async function readHostsManager(reader: Pick<Reader, "text" | "list">): Promise<HostsManager> {
  const names = await reader.list("/etc/cloud");
  if (names.length === 0 || names.includes("cloud-init.disabled")) return { kind: "nobody" };
  const dropIns = (await reader.list("/etc/cloud/cloud.cfg.d")).filter((name) => name.endsWith(".cfg"));
  const paths = [
    "/etc/cloud/cloud.cfg",
    ...dropIns.map((name) => `/etc/cloud/cloud.cfg.d/${name}`),
    "/var/lib/cloud/instance/cloud-config.txt",
  ];
  const texts = await Promise.all(paths.map((path) => reader.text(path)));
  const value = texts.flatMap((text) => managesHosts(text ?? "") ?? []).at(-1) ?? "false";
  if (["false", "no", "off", "0"].includes(value)) return { kind: "nobody" };
  const text = await reader.text(HOSTS_TEMPLATE);
  if (["true", "yes", "on", "1", "template"].includes(value) && text !== undefined) {
    return { kind: "template", text };
  }
  const missing = text === undefined ? `, and ${HOSTS_TEMPLATE} is not there` : "";
  return { kind: "cloud-init", words: `manage_etc_hosts is ${value}${missing}` };
}

/** The value of manage_etc_hosts in a cloud-config, in lower case; undefined where it is not set. */
export function managesHosts(text: string): string | undefined {
  return /^manage_etc_hosts:[ \t]*["']?(\w+)/m.exec(text)?.[1]?.toLowerCase();
}
