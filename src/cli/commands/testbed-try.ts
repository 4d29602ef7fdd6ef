import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { ownProgram } from "../../host/own-program.ts";
import { isNodeName } from "../../proxmox/version.ts";
import { reportMarkdown, type TrialReport } from "../../testbed/report.ts";
import { tryTestbed } from "../../testbed/try.ts";
import { assertRoot } from "../assert-root.ts";
import { changeHere } from "../change-here.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { readAuthKey } from "../secrets.ts";
import { tagFlag } from "../tailnet-flags.ts";
import { enterTestbed, planeIfGiven, tailnetFlags } from "../testbed-place.ts";
import { VERSION } from "../version.ts";

/** `tailmox testbed try`: the acceptance run on real Proxmox, with a report. Gives the exit status. */
export async function runTestbedTry(raw: unknown): Promise<number> {
  const flags = parseFlags(tryFlags, raw);
  const authKey = await readAuthKey(flags);
  assertRoot();
  const executable = await ownExecutable();
  return changeHere("tailmox testbed try", flags, async (place) => {
    const { ground, company } = await enterTestbed(place);
    const wishes = {
      ...flags,
      authKey: authKey ?? missingKey(),
      loginServer: flags.loginServer,
      snapshot: flags.snapshot,
      plane: await planeIfGiven(flags, place),
      bootMs: flags.bootTimeout,
      executable,
      version: VERSION,
    };
    const { report, failure } = await tryTestbed(ground, wishes, company);
    if (!report) return { outcome: "dry run", result: null, lines: ["", "Dry run: nothing was changed."] };
    const text = reportMarkdown(report);
    if (flags.report !== undefined) await keep(flags.report, report, text);
    if (failure === undefined) return { outcome: "succeeded", result: report, lines: ["", text, ...NEXT] };
    place.screen.fail();
    place.screen.say(`\n${text}`);
    throw failure;
  });
}

const tryFlags = tailnetFlags.extend({
  authKey: z.string().optional(),
  authKeyFile: z.string().optional(),
  loginServer: z.url({ protocol: /^https?$/ }).optional(),
  tag: tagFlag.default("tag:tailmox-test"),
  clusterName: z
    .string()
    .refine((name) => isNodeName(name) && name.length <= 15, "1 to 15 letters, digits and hyphens")
    .default("tailmox-test"),
  snapshot: z.string().optional(),
  report: z.string().optional(),
});

const NEXT = ["", "Next: tailmox testbed ssh NODE; tailmox testbed revert"];

/** JSON or Markdown, by its name. */
async function keep(file: string, report: TrialReport, text: string): Promise<void> {
  const isJson = file.endsWith(".json");
  await writeFile(file, isJson ? `${envelope({ ok: true, result: report })}\n` : `${text}\n`, {
    mode: 0o600,
  });
}

async function ownExecutable(): Promise<{ path: string; sha256: string }> {
  const [path, script] = ownProgram();
  if (script !== undefined) {
    throw new UserError(
      "E_TESTBED_SOURCE",
      "tailmox runs from its source, which cannot be copied into a VM",
      {
        likely: "it was started by bun",
        mend: "npm run build; then the executable in dist/",
      },
    );
  }
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return { path, sha256: hash.digest("hex") };
}

function missingKey(): never {
  throw new UserError("E_AUTH_KEY", "a trial needs an auth key, for logins that nobody has to open", {
    likely: "neither --auth-key-file nor TAILMOX_AUTH_KEY was given",
    mend: "tailmox key create --reusable --tag tag:tailmox-test --out FILE; then --auth-key-file FILE",
  });
}
