import { z } from "zod";
import { parseCorosyncConf } from "../../cluster/corosync-conf.ts";
import type { Reader } from "../../host/host.ts";
import { chooseDevices } from "../../tailnet/admin/choose-devices.ts";
import { duplicates, staleDevices } from "../../tailnet/admin/stale-devices.ts";
import type { Device } from "../../tailnet/api/control-plane.ts";
import { alignColumns } from "../../up/table.ts";
import { changeFlags, isAgreed, journalled, notAgreed, openChange } from "../change-tools.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { lookJournal } from "../look.ts";
import { apiFlags, openPlane, tagFlag } from "../tailnet-flags.ts";
import { wrap } from "../wrap.ts";

const listFlags = apiFlags.extend({ tag: tagFlag });

const pruneFlags = listFlags.extend(changeFlags.shape).extend({ acceptRisk: z.literal("online").optional() });

/** `tailmox devices`: the tagged ones, verdict first. Gives the exit status. */
export async function runDevices(raw: unknown): Promise<number> {
  const flags = parseFlags(listFlags, raw);
  const plane = await openPlane(flags, (words) => console.error(words), lookJournal(flags));
  const tagged = withTag(await plane.devices(), flags.tag);
  const stale = staleDevices(tagged, Date.now());
  const result = {
    devices: tagged,
    stale: stale.map(({ device, why }) => ({ id: device.id, name: device.name, why })),
  };
  console.log(
    flags.json ? envelope({ ok: true, result }) : deviceLines(tagged, flags.tag, Date.now()).join("\n"),
  );
  return 0;
}

/** `tailmox devices prune`: what is named, or proven stale. Gives the exit status. */
export async function runDevicesPrune(rawNames: unknown, raw: unknown): Promise<number> {
  const flags = parseFlags(pruneFlags, raw);
  const wanted = z.array(z.string()).parse(rawNames);
  const { host, journal } = openChange(flags);
  return journalled(journal, flags.json, async () => {
    const say = (words: string) => (flags.json ? console.error(words) : console.log(words));
    const plane = await openPlane(flags, say, journal);
    const tagged = withTag(await plane.devices(), flags.tag);
    const members = await memberAddresses(host);
    const options = { wanted, members, acceptOnline: flags.acceptRisk === "online" };
    const chosen = chooseDevices(tagged, options, Date.now());
    for (const { device, why } of chosen) {
      const head = `  ${device.name}  ${device.id}  ${device.addresses[0] ?? ""}  `;
      say(wrap(why, head, "    ").join("\n"));
    }
    if (chosen.length > 0 && !flags.dryRun) {
      say("\nA deleted device has to log in anew, and gets another address.");
      if (!(await isAgreed(`Delete ${chosen.length} of ${tagged.length} devices with ${flags.tag}?`, flags)))
        throw notAgreed();
      for (const { device } of chosen) {
        const change = {
          what: `delete the device ${device.name} (${device.id})`,
          undo: "tailmox up, on that host",
        };
        await host.change(change, () => plane.deleteDevice(device.id));
      }
    }
    const result = {
      deleted: flags.dryRun ? [] : chosen.map(({ device }) => device.id),
      chosen: chosen.map(({ device, why }) => ({ id: device.id, name: device.name, why })),
    };
    if (flags.json) console.log(envelope({ ok: true, result }));
    say(closing(chosen.length, flags.dryRun));
    return 0;
  });
}

function closing(count: number, dryRun: boolean): string {
  if (count === 0) return "No device is proven stale. Nothing was deleted.";
  return dryRun ? "Dry run: nothing was deleted." : `Deleted: ${count}.`;
}

/** The exact tag, and nothing that is shared in from another tailnet. */
function withTag(devices: readonly Device[], tag: string): Device[] {
  return devices.filter(({ tags, external }) => tags.includes(tag) && !external);
}

/** Addresses of the cluster that this host is a member of; none where it is in none. */
async function memberAddresses(reader: Reader): Promise<string[]> {
  const conf = parseCorosyncConf((await reader.text("/etc/pve/corosync.conf")) ?? "");
  return (conf?.nodes ?? []).flatMap(({ links }) => [...links.values()]);
}

/** The devices for people: verdict, rows, what is odd. */
export function deviceLines(tagged: readonly Device[], tag: string, nowMs: number): string[] {
  const online = tagged.filter((device) => device.online).length;
  const stale = staleDevices(tagged, nowMs);
  const rows = tagged.map((device) => [
    `  ${device.name}`,
    device.addresses[0] ?? "-",
    device.online ? "online" : agoWords(device.lastSeen, nowMs),
    device.version || "-",
    device.keyExpires === undefined ? "never" : device.keyExpires.slice(0, 10),
    device.id,
  ]);
  const doubles = [...duplicates(tagged)].map(
    ([hostname, same]) =>
      `!! ${same.length} devices call themselves "${hostname}": ${same.map(({ name }) => name).join(", ")}`,
  );
  const expiring = tagged.filter(({ keyExpires }) => keyExpires !== undefined);
  return [
    `${tagged.length} devices with ${tag}, ${online} online`,
    ...(tagged.length > 0
      ? alignColumns([["  name", "address", "seen", "version", "key expires", "id"], ...rows])
      : []),
    ...doubles.flatMap(hanging),
    ...stale.flatMap(({ device, why }) => hanging(`!! ${device.name} is stale: ${why}`)),
    ...expiring.map(({ name, keyExpires }) =>
      Date.parse(keyExpires ?? "") < nowMs
        ? `!! ${name} is logged out: tailmox up, there`
        : `!! the key of ${name} expires: a host must be enrolled with its tag, by key`,
    ),
    stale.length > 0 ? "Next: tailmox devices prune" : "Next: tailmox status",
  ];
}

function hanging(line: string): string[] {
  return wrap(line, "", "   ");
}

function agoWords(seen: string | undefined, nowMs: number): string {
  const minutes = Math.round((nowMs - Date.parse(seen ?? "")) / 60_000);
  if (Number.isNaN(minutes)) return "never seen";
  if (minutes < 120) return `${minutes} min ago`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h ago` : `${Math.round(minutes / 1_440)} d ago`;
}
