import type { Section } from "./vm-config.ts";

/** The value of a drive: `local-zfs:vm-100-disk-0,size=32G,ssd=1`. */
export interface Drive {
  /** A volume, `STORAGE:SIZE` of one to be made, `none`, or a path. */
  readonly file: string;
  readonly options: Readonly<Record<string, string>>;
}

export function isDriveName(key: string): boolean {
  return /^(ide[0-3]|sata[0-5]|scsi([12]?\d|30)|virtio(\d|1[0-5])|efidisk0|tpmstate0)$/.test(key);
}

export function parseDrive(value: string): Drive {
  const [first = "", ...rest] = value.split(",");
  const options = Object.fromEntries(
    rest.map((part): [string, string] => {
      const equals = part.indexOf("=");
      return equals < 0 ? [part, "1"] : [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
  return { file: first.replace(/^(file|volume)=/, ""), options };
}

/** As Proxmox writes it: the volume, then the options in order. */
export function formatDrive({ file, options }: Drive): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  return [file, ...sorted.map(([key, value]) => `${key}=${value}`)].join(",");
}

/** The drives of a section that have a volume of their own, in order of their names. */
export function drivesOf(section: Section): [name: string, drive: Drive][] {
  return Object.keys(section)
    .filter(isDriveName)
    .sort()
    .map((name): [string, Drive] => [name, parseDrive(section[name] ?? "")])
    .filter(([, drive]) => drive.options.media !== "cdrom" && drive.file.includes(":"));
}

/** The volumes of `unusedN` entries, in order. */
export function unusedOf(section: Section): [name: string, volid: string][] {
  return Object.keys(section)
    .filter((key) => /^unused\d+$/.test(key))
    .sort()
    .map((key) => [key, parseDrive(section[key] ?? "").file]);
}

/** A section with a volume as its lowest free `unusedN`; gives that name, too. */
export function withUnused(section: Section, volid: string): { section: Section; name: string } {
  const present = unusedOf(section).find(([, file]) => file === volid);
  if (present) return { section, name: present[0] };
  let n = 0;
  while (section[`unused${n}`] !== undefined) n++;
  return { section: { ...section, [`unused${n}`]: volid }, name: `unused${n}` };
}

/** The drive that the VM starts from: the first of `boot: order=...` that there is, else its first drive. */
export function bootDrive(section: Section): [name: string, drive: Drive] | undefined {
  const drives = drivesOf(section);
  const order = /order=([^,]*)/.exec(section.boot ?? "")?.[1]?.split(";") ?? [];
  const named = order.flatMap((name) => drives.filter(([each]) => each === name));
  return named[0] ?? drives[0];
}
