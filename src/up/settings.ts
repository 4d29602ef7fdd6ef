import type { Host } from "../host/host.ts";
import { applySteps } from "../steps/apply.ts";
import { changeSetting } from "../steps/change-setting.ts";
import { type HurtfulSetting, hurtfulSettings } from "../tailnet/settings.ts";
import type { Company, UpOptions } from "./options.ts";
import { comesThroughTailnet } from "./own-session.ts";
import { dependentsOf } from "./setting-dependents.ts";
import type { OwnTailnet } from "./tailnet.ts";

/**
 * An existing login keeps its settings: each one that hurts a cluster is shown with what depends on it here, and
 * asked about. --yes agrees where nothing depends on it; a session that would be lost is a risk of its own.
 */
export async function askAboutSettings(
  host: Host,
  node: string,
  tailnet: OwnTailnet,
  options: UpOptions,
  company: Company,
): Promise<void> {
  const { talk } = company;
  const wanted: HurtfulSetting[] = [];
  for (const setting of hurtfulSettings(tailnet.prefs)) {
    const dependents = await dependentsOf(host, setting, tailnet.status);
    talk.note(`!! ${setting.name} is on: ${setting.why}.`);
    for (const one of dependents) talk.note(`   Depends on it here: ${one}`);
    const kept = await reasonToKeep(host, setting, dependents, tailnet, options, company);
    if (kept === undefined) wanted.push(setting);
    else talk.note(`   Kept, ${kept}. Mend: tailscale set --${setting.name}=false`);
  }
  if (wanted.length === 0) return;
  const mayLoseSsh = options.acceptRisks.includes("lose-ssh");
  const steps = wanted.map((setting) => changeSetting(setting, { mayLoseSsh }));
  talk.plan(`Plan for ${node}, settings of Tailscale`, steps, []);
  if (!options.dryRun) await applySteps(host, steps, talk);
}

/** undefined when it is agreed to switch it off. */
async function reasonToKeep(
  host: Host,
  { name }: HurtfulSetting,
  dependents: readonly string[],
  { address }: OwnTailnet,
  options: UpOptions,
  { ask }: Company,
): Promise<string | undefined> {
  if (
    name === "ssh" &&
    !options.acceptRisks.includes("lose-ssh") &&
    (await comesThroughTailnet(host, address))
  ) {
    return "because your session comes through the tailnet and may end: --accept-risk lose-ssh";
  }
  if (options.yes || options.dryRun) {
    return dependents.length === 0
      ? undefined
      : "because something depends on it: run it without --yes to be asked";
  }
  if (!ask) return "because there is no terminal to ask on";
  return (await ask.goOn(`Switch ${name} off?`)) ? undefined : "as you answered";
}
