import { z } from "zod";
import { closedGate } from "../../host/gate.ts";
import { openHost } from "../../host/host.ts";
import { noJournal } from "../../host/journal.ts";
import { localTransport } from "../../host/local.ts";
import { openGround } from "../../testbed/ground.ts";
import { type TestbedStatus, testbedStatus, type VmStatus } from "../../testbed/status.ts";
import { noTestbed } from "../../testbed/vms.ts";
import { alignColumns } from "../../up/table.ts";
import { assertRoot } from "../assert-root.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";

/** `tailmox testbed status`: how its VMs stand. Changes nothing. Gives the exit status. */
export async function runTestbedStatus(raw: unknown): Promise<number> {
  const { json } = parseFlags(z.object({ json: z.boolean().default(false) }), raw);
  assertRoot();
  const carrier = localTransport("this host");
  const ground = await openGround(openHost(carrier, closedGate, noJournal), carrier);
  const result = await testbedStatus(ground);
  if (result.vms.length === 0 && !json) throw noTestbed();
  console.log(json ? envelope({ ok: true, result }) : statusLines(result).join("\n"));
  return 0;
}

/** For people: verdict, rows, what is odd, what next. */
export function statusLines({ node, vms, copies }: TestbedStatus): string[] {
  const running = vms.filter(({ power }) => power === "running");
  const silent = running.filter(({ answersBy }) => answersBy === undefined).length;
  const rows = vms.map((vm) => [
    `  ${vm.vmid}`,
    vm.name,
    vm.power,
    vm.answersBy ?? (vm.power === "running" ? "silent" : "-"),
    vm.address ?? "-",
    tailnetWords(vm.tailnet),
    vm.snapshots.map(({ name, own }) => (own ? name : `${name} (not ours)`)).join(", ") || "none",
  ]);
  return [
    `testbed on ${node}: ${vms.length} VMs, ${running.length} running, ${running.length - silent} answer`,
    ...alignColumns([["  vm", "name", "power", "by", "address", "tailnet", "snapshots"], ...rows]),
    ...vms.flatMap(oddities),
    ...copies.map(({ vmid, name }) => `VM ${vmid} "${name}" bears a copy of a mark: never touched`),
    vms.every(({ stage }) => stage === "ready")
      ? "Next: tailmox testbed revert, or try"
      : "Next: tailmox testbed create, with the same flags",
  ];
}

function oddities({ vmid, name, stage, lock, snapshot, snapshots }: VmStatus): string[] {
  const missing = stage === "ready" && !snapshots.some((one) => one.name === snapshot);
  return [
    ...(stage === "ready" ? [] : [`!! ${name} is not finished ("${stage}"): tailmox testbed create goes on`]),
    ...(lock === undefined ? [] : [`!! VM ${vmid} is locked (${lock})`]),
    ...(missing ? [`!! ${name} has lost its snapshot "${snapshot}"`] : []),
  ];
}

function tailnetWords(tailnet: VmStatus["tailnet"]): string {
  if (tailnet === undefined) return "unknown";
  return tailnet === null ? "-" : `${tailnet.name} ${tailnet.address}`;
}
