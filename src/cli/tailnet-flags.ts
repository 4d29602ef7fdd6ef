import { z } from "zod";
import { UserError } from "../errors.ts";
import type { Journal } from "../host/journal.ts";
import type { Features } from "../policy/needs.ts";
import type { Dialect } from "../policy/policy.ts";
import { parseSelector } from "../policy/selector.ts";
import type { ControlPlane } from "../tailnet/api/control-plane.ts";
import { type Credential, parseCredential } from "../tailnet/api/credential.ts";
import { HOSTED_API, openControlPlane } from "../tailnet/api/open.ts";
import { askOnTerminal } from "./ask.ts";
import { lookFlags } from "./look.ts";
import { readSecretFile } from "./secrets.ts";

/** Flags of every command that speaks to the control server's API. */
export const apiFlags = lookFlags.extend({
  apiUrl: z.url({ protocol: /^https?$/ }).optional(),
  credentials: z.string().optional(),
});

export const tagFlag = z
  .string()
  .regex(/^tag:[A-Za-z][A-Za-z0-9-]*$/, "a tag is tag: and a name of letters, digits and hyphens");

export const serviceName = z
  .string()
  .regex(/^svc:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "a Service is svc: and a DNS label");

/** Flags that say what of a cluster is used. */
export const featureFlags = z.object({
  tag: tagFlag.default("tag:tailmox"),
  admins: z.array(z.string().refine(isSource, "not a user, group, tag, autogroup or address")).optional(),
  web: z.boolean().default(true),
  console: z.boolean().default(true),
  migration: z.boolean().default(true),
  qdevice: z.string().refine(isHost, "an address, or a tag").optional(),
  service: z.union([serviceName, z.literal(false)]).optional(),
});

/** headscale has neither administrators' groups nor Services (tailscale.md 8.5). */
export function featuresOf(flags: z.output<typeof featureFlags>, dialect: Dialect): Features {
  const { tag, admins, web, console, migration, qdevice, service } = flags;
  const usual = dialect === "headscale" ? "autogroup:member" : "autogroup:admin";
  if (dialect === "headscale" && typeof service === "string") {
    throw new UserError("E_NO_SUCH_FEATURE", "headscale has no Services", {
      likely: "a Service is Tailscale's own",
      mend: "leave out --service",
    });
  }
  const name = dialect === "headscale" || service === false || !web ? undefined : (service ?? "svc:tailmox");
  return { tag, admins: web ? (admins ?? [usual]) : [], migration, console, qdevice, service: name };
}

/**
 * Opens the control server's API with the credential from file, environment or prompt; argv has no place for it.
 * Throws E_API_CREDENTIALS.
 */
export async function openPlane(
  { apiUrl, credentials }: { apiUrl?: string | undefined; credentials?: string | undefined },
  tell: (words: string) => void,
  journal: Journal,
): Promise<ControlPlane> {
  const url = apiUrl ?? process.env.TAILMOX_API_URL ?? HOSTED_API;
  return openControlPlane(url, await credentialFor(credentials, url), { tell, journal });
}

async function credentialFor(file: string | undefined, url: string): Promise<Credential> {
  const {
    TAILMOX_API_TOKEN: token,
    TAILMOX_OAUTH_CLIENT_ID: id,
    TAILMOX_OAUTH_CLIENT_SECRET: secret,
  } = process.env;
  // Every program that tailmox starts would inherit them.
  for (const name of ["TAILMOX_API_TOKEN", "TAILMOX_OAUTH_CLIENT_ID", "TAILMOX_OAUTH_CLIENT_SECRET"]) {
    delete process.env[name];
  }
  if (file !== undefined) return parseCredential(await readSecretFile(file));
  if (token) return parseCredential(token);
  if (secret) return parseCredential(id ? `${id}\n${secret}` : secret);
  const typed = await askOnTerminal()?.password(`API token or OAuth client secret for ${url}`);
  if (typed) return parseCredential(typed);
  throw new UserError("E_API_CREDENTIALS", `nothing to log in to ${url} with`, {
    likely:
      "no --credentials FILE, no TAILMOX_API_TOKEN or TAILMOX_OAUTH_CLIENT_SECRET, and no terminal to ask on",
    mend: "docs/policy.md#credentials says how to make one, and with which scopes",
  });
}

/** Words that can stand in `src`; nothing that could end a string of the file. */
function isSource(word: string): boolean {
  return !/["\\\s]/.test(word) && !["unknown", "host", "service"].includes(parseSelector(word).kind);
}

function isHost(word: string): boolean {
  return ["prefix", "tag"].includes(parseSelector(word).kind) && !/["\\\s]/.test(word);
}
