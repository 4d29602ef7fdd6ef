import { z } from "zod";
import { UserError } from "../../errors.ts";
import { poll } from "../../host/deadline.ts";
import { type ServiceState, serviceState } from "../../tailnet/admin/service-state.ts";
import type { ControlPlane } from "../../tailnet/api/control-plane.ts";
import { alignColumns } from "../../up/table.ts";
import { changeFlags, isAgreed, journalled, notAgreed, openChange } from "../change-tools.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { lookJournal } from "../look.ts";
import { apiFlags, openPlane, serviceName, tagFlag } from "../tailnet-flags.ts";
import { parseTime } from "../time.ts";
import { wrap } from "../wrap.ts";

const baseFlags = apiFlags.extend({ name: serviceName, tag: tagFlag });
const serviceChangeFlags = baseFlags.extend(changeFlags.shape);
const statusFlags = baseFlags.extend({ wait: z.string().optional() });

/** `tailmox service define`: a definition that is there keeps its address and its tags. Gives the exit status. */
export async function runServiceDefine(raw: unknown): Promise<number> {
  const flags = parseFlags(serviceChangeFlags, raw);
  const { name, json } = flags;
  const { host, journal } = openChange(flags);
  return journalled(journal, json, async () => {
    const say = sayer(json);
    const plane = await openPlane(flags, say, journal);
    const old = await plane.service(name);
    const wanted = {
      name,
      // Without its own addresses sent back a Service may get new ones (tailscale.md 4.6).
      addresses: old?.addresses ?? [],
      ports: [...new Set([...(old?.ports ?? []), PORT])],
      tags: old?.tags ?? [],
      comment: old?.comment || "Web page of the Proxmox cluster, by tailmox",
    };
    const isThere = old?.ports.includes(PORT) === true;
    if (!isThere)
      say(`${old ? "Change" : "Define"} ${name}: port 443, one name for the web pages of all hosts.`);
    if (!isThere && !flags.dryRun) {
      if (!(await isAgreed(`Write the definition of ${name}?`, flags))) throw notAgreed();
      const change = {
        what: `define ${name} at ${plane.url}`,
        undo: `tailmox service remove --name ${name}`,
      };
      await host.change(change, () => plane.putService(wanted));
    }
    const outcome = isThere ? "nothing to do" : flags.dryRun ? "dry run" : "defined";
    if (json) console.log(envelope({ ok: true, result: { outcome, service: wanted } }));
    say(
      `${{ "nothing to do": `${name} is defined already.`, "dry run": "Dry run: nothing was changed.", defined: `${name} is defined.` }[outcome]}`,
    );
    say("Next: tailmox policy apply (lets hosts offer it), tailmox service status");
    return 0;
  });
}

/** `tailmox service status [--wait TIME]`. Gives the exit status; throws E_SERVICE_WAIT when the time is over. */
export async function runServiceStatus(raw: unknown): Promise<number> {
  const flags = parseFlags(statusFlags, raw);
  const { name, tag, json } = flags;
  const waitMs = flags.wait === undefined ? 0 : parseTime(flags.wait, "--wait");
  const plane = await openPlane(flags, sayer(json), lookJournal(flags));
  let state = await readState(plane, name, tag);
  if (!state.ready && waitMs > 0) {
    console.error(`Waiting for a host to answer for ${name}, at most ${flags.wait} (usually 5-30 s) ...`);
    await poll(waitMs, 2_000, async () => {
      state = await readState(plane, name, tag);
      return state.ready || undefined;
    });
  }
  console.log(json ? envelope({ ok: true, result: state }) : stateLines(name, state).join("\n"));
  if (waitMs > 0 && !state.ready) throw notReady(name, state, flags.wait ?? "");
  return 0;
}

/** `tailmox service remove`. Gives the exit status. */
export async function runServiceRemove(raw: unknown): Promise<number> {
  const flags = parseFlags(serviceChangeFlags, raw);
  const { name, json } = flags;
  const { host, journal } = openChange(flags);
  return journalled(journal, json, async () => {
    const say = sayer(json);
    const plane = await openPlane(flags, say, journal);
    const old = await plane.service(name);
    if (old)
      say(
        `Remove ${name}: its name and its address ${old.addresses.join(", ")} stop to answer for everybody.`,
      );
    if (old && !flags.dryRun) {
      if (!(await isAgreed(`Remove ${name}?`, flags))) throw notAgreed();
      const change = {
        what: `remove ${name} at ${plane.url}`,
        undo: "tailmox service define; its address will be another",
      };
      await host.change(change, () => plane.deleteService(name));
    }
    const outcome = !old ? "nothing to do" : flags.dryRun ? "dry run" : "removed";
    if (json) console.log(envelope({ ok: true, result: { outcome } }));
    say(
      `${{ "nothing to do": `There is no ${name}.`, "dry run": "Dry run: nothing was changed.", removed: `${name} is removed.` }[outcome]}`,
    );
    say(`On each host that offered it: tailscale serve clear ${name}`);
    return 0;
  });
}

const PORT = "tcp:443";

async function readState(plane: ControlPlane, name: string, tag: string): Promise<ServiceState> {
  const service = await plane.service(name);
  const [offers, devices] = await Promise.all([service ? plane.serviceHosts(name) : [], plane.devices()]);
  return serviceState(
    service,
    offers,
    devices.filter(({ tags, external }) => tags.includes(tag) && !external),
  );
}

function stateLines(name: string, { service, hosts, ready }: ServiceState): string[] {
  if (!service) return [`${name} is not defined.`, "Next: tailmox service define"];
  const rows = hosts.map((host) => [
    `  ${host.name}`,
    host.approval,
    host.configured,
    host.blocked ? "!!" : "ok",
  ]);
  const answering = hosts.filter(({ blocked }) => blocked === undefined).length;
  return [
    `${name}  ${ready ? "answers" : "DOES NOT ANSWER"}  ${answering} of ${hosts.length} hosts, ${service.addresses.join(", ")}, ${service.ports.join(", ")}`,
    ...(rows.length > 0
      ? alignColumns([["  host", "approval", "configured", ""], ...rows])
      : ["  No host has the tag."]),
    ...hosts.flatMap((host) => (host.blocked ? wrap(`${host.name}: ${host.blocked}`, "  ", "    ") : [])),
    ...(ready ? [] : ["Next: tailmox service status --wait 2m"]),
  ];
}

function notReady(name: string, { hosts }: ServiceState, time: string): UserError {
  const blocked = hosts.flatMap((host) => (host.blocked ? [`${host.name}: ${host.blocked}`] : []));
  return new UserError("E_SERVICE_WAIT", `no host answers for ${name} after ${time}`, {
    likely: blocked.length > 0 ? blocked.join("\n") : "it is not defined, or no host has the tag",
    mend: "mend what blocks one of the hosts, then tailmox service status --wait 2m",
  });
}

function sayer(json: boolean): (words: string) => void {
  return (words) => (json ? console.error(words) : console.log(words));
}
