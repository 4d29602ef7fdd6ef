import { z } from "zod";
import { ERROR_CODES } from "../../errors.ts";
import { checkPeers } from "../../up/check.ts";
import { parsePasswords } from "../../up/passwords.ts";
import type { CheckReport } from "../../up/preflight/report.ts";
import { assertRoot } from "../assert-root.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { lookFlags, lookHere } from "../look.ts";
import { makeScreen, silentScreen } from "../screen.ts";
import { readSecretFile } from "../secrets.ts";
import { tagFlag } from "../tailnet-flags.ts";
import { VERSION } from "../version.ts";

const flags = lookFlags.extend({
  tag: tagFlag.default("tag:tailmox"),
  passwordFile: z.string().optional(),
});

/** `tailmox check`: exit status 0 only when all was seen to work, else that of the code that it names. */
export async function runCheck(peers: readonly string[], raw: unknown): Promise<number> {
  const given = parseFlags(flags, raw);
  const { tag, json, passwordFile } = given;
  assertRoot();
  const passwords = parsePasswords(passwordFile === undefined ? "" : await readSecretFile(passwordFile));
  const screen = json ? silentScreen : makeScreen(process.stdout);
  const host = lookHere(given);
  const report = await checkPeers(host, { tag, peers, passwords, version: VERSION }, screen);
  if (json) console.log(envelope({ ok: true, result: report }));
  else for (const line of closing(report)) screen.say(line);
  return report.code === null ? 0 : ERROR_CODES[report.code];
}

function closing({ verdict, code }: CheckReport): string[] {
  if (code === null) return ["All that a cluster needs was seen to work."];
  const words =
    verdict === "failed" ? "What a cluster needs does not work everywhere." : "Not all was proven.";
  return [`${words}  (error ${code}, exit ${ERROR_CODES[code]})`];
}
