import { z } from "zod";
import { UserError } from "../../errors.ts";
import { keepSecret } from "../../host/redact.ts";
import { changeFlags, journalled, openChange } from "../change-tools.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { apiFlags, openPlane, tagFlag } from "../tailnet-flags.ts";
import { parseTime } from "../time.ts";
import { wrap } from "../wrap.ts";

const baseFlags = apiFlags.extend(changeFlags.shape);

const createFlags = baseFlags.extend({
  tag: tagFlag,
  expiry: z.string(),
  reusable: z.boolean().default(false),
  out: z.string().optional(),
});

/** `tailmox key create`: the key alone on stdout, or in a file of mode 0600. Gives the exit status. */
export async function runKeyCreate(raw: unknown): Promise<number> {
  const flags = parseFlags(createFlags, raw);
  const { tag, reusable, out, json } = flags;
  const seconds = parseTime(flags.expiry, "--expiry") / 1_000;
  if (seconds < 60 || seconds > 90 * 86_400) throw outOfRange();
  const { host, journal } = openChange(flags);
  return journalled(journal, json, async () => {
    const plane = await openPlane(flags, (words) => console.error(words), journal);
    const wanted = { tag, seconds, reusable, description: "tailmox key create" };
    const change = { what: `create an auth key for ${tag} at ${plane.url}`, undo: "tailmox key revoke ID" };
    if (flags.dryRun) return dryRun(change.what, json);
    const { id, key, expires } = await host.change(change, () => plane.createKey(wanted));
    keepSecret(key);
    const told = { id, expires, tag, reusable };
    if (out !== undefined) {
      const write = { what: `write the auth key ${id} to ${out}`, undo: `rm ${out}` };
      await host.change(write, (writer) => writer.write(absolute(out), `${key}\n`, 0o600));
    }
    // The one place where a secret is printed: it was asked for.
    if (json)
      console.log(
        envelope({ ok: true, result: { ...told, ...(out === undefined ? { key } : { file: out }) } }),
      );
    else if (out === undefined) process.stdout.write(`${key}\n`);
    const forWhom = reusable ? "any number of hosts" : "one host";
    const where = out === undefined ? "" : ` It is in ${out}.`;
    const words = `Key ${id} for ${forWhom} with ${tag}, until ${expires}.${where}`;
    console.error(wrap(words, "", "").join("\n"));
    console.error(`Next: tailmox up --auth-key-file ${out ?? "FILE"}\nTo end it: tailmox key revoke ${id}`);
    return 0;
  });
}

/** `tailmox key revoke ID`. Gives the exit status. */
export async function runKeyRevoke(rawId: unknown, raw: unknown): Promise<number> {
  const flags = parseFlags(baseFlags, raw);
  const id = z.string().parse(rawId);
  if (/^(?:tskey|hskey)-/.test(id)) throw keyInsteadOfId(id);
  const { host, journal } = openChange(flags);
  return journalled(journal, flags.json, async () => {
    const plane = await openPlane(flags, (words) => console.error(words), journal);
    const change = {
      what: `revoke the auth key ${id} at ${plane.url}`,
      undo: "a new key: tailmox key create",
    };
    if (flags.dryRun) return dryRun(change.what, flags.json);
    await host.change(change, () => plane.revokeKey(id));
    console.log(flags.json ? envelope({ ok: true, result: { id } }) : `The key ${id} lets no more hosts in.`);
    return 0;
  });
}

function dryRun(what: string, json: boolean): number {
  if (json) console.log(envelope({ ok: true, result: { outcome: "dry run", what } }));
  console.error(`Dry run: nothing was changed. It would ${what}.`);
  return 0;
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${process.cwd()}/${path}`;
}

function outOfRange(): UserError {
  return new UserError("E_USAGE", "--expiry: a key lives between one minute and 90 days", {
    likely: "another unit was meant",
    mend: "30m, 12h or 7d",
  });
}

/** A key in argv is in the process list, and in the shell's history. */
function keyInsteadOfId(key: string): UserError {
  keepSecret(key);
  return new UserError("E_USAGE", "a key is revoked by its id, not by itself", {
    likely: "the key was pasted; it now stands in the shell's history",
    mend: "tailmox key create told its id; the admin console (or headscale preauthkeys list) shows it too",
  });
}
