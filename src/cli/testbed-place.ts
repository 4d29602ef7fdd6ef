import { z } from "zod";
import { localTransport } from "../host/local.ts";
import type { ControlPlane } from "../tailnet/api/control-plane.ts";
import { type Ground, openGround } from "../testbed/ground.ts";
import type { Company } from "../up/options.ts";
import type { Workplace } from "./change-here.ts";
import { changeFlags } from "./change-tools.ts";
import { durationFlag } from "./duration.ts";
import { apiFlags, openPlane } from "./tailnet-flags.ts";

/** Flags of every command that changes a testbed. */
export const testbedFlags = changeFlags.extend({
  json: z.boolean().default(false),
  verbose: z.boolean().default(false),
  bootTimeout: durationFlag(10_000, 3_600_000).prefault("5m"),
});

/** Flags of those that may remove devices from the tailnet. */
export const tailnetFlags = testbedFlags.extend({
  apiUrl: apiFlags.shape.apiUrl,
  credentials: apiFlags.shape.credentials,
});

export const namesArgument = z.array(z.string());

/** The testbed's host and who is told, of a command's workplace. */
export async function enterTestbed({ host, screen, journal, ask }: Workplace): Promise<{
  ground: Ground;
  company: Company;
}> {
  const ground = await openGround(host, localTransport("this host"));
  return { ground, company: { talk: screen, journal, ask } };
}

/** The tailnet's API if credentials were given, by flag or environment; undefined otherwise: nobody is asked. */
export async function planeIfGiven(
  flags: { apiUrl?: string | undefined; credentials?: string | undefined },
  { screen, journal }: Workplace,
): Promise<ControlPlane | undefined> {
  const given = [
    flags.credentials,
    process.env.TAILMOX_API_TOKEN,
    process.env.TAILMOX_OAUTH_CLIENT_SECRET,
  ].some((credential) => credential !== undefined && credential !== "");
  return given ? openPlane(flags, (words) => screen.note(words), journal) : undefined;
}
