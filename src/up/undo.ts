import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { type OwnNode, readOwnNode } from "../proxmox/own-node.ts";
import { readPlace } from "../proxmox/place.ts";
import { applySteps } from "../steps/apply.ts";
import { corosyncOrder, hasDropIn } from "../steps/corosync-order.ts";
import { hasTemplateLines, hostsTemplate } from "../steps/hosts-template.ts";
import { installTailscale } from "../steps/install-tailscale.ts";
import { publishAddress } from "../steps/publish-address.ts";
import { planRestoredHosts, restoreHosts } from "../steps/restore-hosts.ts";
import type { Step } from "../steps/step.ts";
import { undoing } from "../steps/undoing.ts";
import { readTailnet, type TailnetFacts } from "../tailnet/facts.ts";
import { LIST_PATH, sourcesList } from "../tailnet/vendor.ts";
import { agreed } from "./consent.ts";
import type { Company } from "./options.ts";
import { comesThroughTailnet } from "./own-session.ts";
import type { Risk } from "./risks.ts";
import { undoWeb } from "./undo-web.ts";

export interface UndoOptions {
  /** Tailscale, too: logged out and removed. */
  readonly tailscale: boolean;
  readonly acceptRisks: readonly Risk[];
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** The `result` of `tailmox undo --json`. */
export interface UndoResult {
  readonly node: string;
  readonly outcome: "nothing to do" | "undone" | "dry run";
  readonly steps: readonly string[];
}

/** Takes back what `up` changed on a host that is in no cluster. Throws E_UNDO_MEMBER on a member. */
export async function undo(host: Host, options: UndoOptions, company: Company): Promise<UndoResult> {
  const { talk } = company;
  const phase = talk.phase("Host", "looking for what tailmox changed");
  const node = await readOwnNode(host);
  const place = await readPlace(host);
  if (place.kind === "member") throw isMember(node.name, place.cluster.name);
  const steps = await planUndo(host, node, await readTailnet(host), options);
  phase.ok(`${node.name}, in no cluster; ${steps.length} things to undo`);
  const titles = steps.map(({ title }) => title);
  if (steps.length === 0) return { node: node.name, outcome: "nothing to do", steps: [] };
  const plan = { command: "undo", title: `Plan for ${node.name}`, steps, losses: [] };
  if (!(await agreed(plan, options, company))) return { node: node.name, outcome: "dry run", steps: titles };
  await applySteps(host, steps, talk);
  return { node: node.name, outcome: "undone", steps: titles };
}

async function planUndo(
  host: Host,
  node: OwnNode,
  tailnet: TailnetFacts,
  options: UndoOptions,
): Promise<Step[]> {
  const hosts = await planRestoredHosts(host, node.name);
  return [
    ...(await undoWeb(host, node.name, tailnet)),
    ...(hosts ? [restoreHosts(node.name, hosts)] : []),
    ...((await hasTemplateLines(host)) ? [undoing(TEMPLATE, hostsTemplate({ entries: [] }).undo)] : []),
    ...(hosts ? [publishAddress({ node: node.name, address: hosts.address, renewCertificate: true })] : []),
    ...((await hasDropIn(host)) ? [undoing(DROP_IN, corosyncOrder().undo)] : []),
    ...(await undoTailscale(host, node, tailnet, options)),
  ];
}

/** Without its repository Tailscale would get no updates: so the one goes with the other. */
async function undoTailscale(
  host: Host,
  { codename }: OwnNode,
  tailnet: TailnetFacts,
  options: UndoOptions,
): Promise<Step[]> {
  if (tailnet.kind === "not installed") {
    const ours = (await host.text(LIST_PATH)) === sourcesList(codename);
    return ours ? [undoing(REPOSITORY, removeList)] : [];
  }
  if (!options.tailscale) return [];
  const address = tailnet.kind === "answers" ? (tailnet.status.self.address ?? "") : "";
  if (!options.acceptRisks.includes("lose-ssh") && (await comesThroughTailnet(host, address)))
    throw losesSsh();
  return [undoing(TAILSCALE, (own) => removeTailscale(own, codename))];
}

async function removeTailscale(host: Host, codename: OwnNode["codename"]): Promise<void> {
  await host.change({ what: "log out of the tailnet", undo: "tailmox up" }, async (writer) => {
    await writer.run(["tailscale", "logout"], { timeoutMs: 30_000 });
  });
  await installTailscale(codename).undo(host);
}

function removeList(host: Host): Promise<void> {
  return host.change({ what: `remove ${LIST_PATH}`, undo: "tailmox up" }, (writer) =>
    writer.remove(LIST_PATH),
  );
}

const DROP_IN = {
  name: "corosync's order",
  title: "take the systemd drop-in away that lets corosync start after tailscaled",
  usually: "usually 1 s",
};
const TEMPLATE = {
  name: "cloud-init",
  title: "take tailmox's lines out of cloud-init's template of /etc/hosts",
  usually: "at once",
};
const REPOSITORY = {
  name: "repository",
  title: `remove Tailscale's apt repository (${LIST_PATH})`,
  usually: "at once",
};
const TAILSCALE = {
  name: "Tailscale",
  title: "log out of the tailnet, remove Tailscale and its apt repository",
  why: "this host loses its tailnet address for good; the machine stays listed until it is deleted there",
  usually: "usually 5-10 s",
};

function isMember(node: string, cluster: string): UserError {
  return new UserError("E_UNDO_MEMBER", `${node} is a member of "${cluster}"`, {
    likely: "undo is for a host that is in no cluster",
    mend: "docs/undo-by-hand.md#leaving-a-cluster, then tailmox undo",
  });
}

function losesSsh(): UserError {
  return new UserError(
    "E_NOT_AGREED",
    "your session comes through the tailnet, and would end in the middle",
    {
      likely: "you logged in to this host's tailnet address",
      mend: "come by its LAN address or its console; or: tailmox undo --tailscale --accept-risk lose-ssh",
    },
  );
}
