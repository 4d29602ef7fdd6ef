import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import type { Device } from "../../policy/device.ts";
import { type Dialect, readPolicy } from "../../policy/policy.ts";
import { parsePrefix } from "../../policy/prefix.ts";
import { reportOn } from "../../policy/report.ts";
import { parsePolicyText } from "../../policy/text.ts";
import type { ControlPlane } from "../../tailnet/api/control-plane.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { lookJournal } from "../look.ts";
import { policyReportLines } from "../policy-text.ts";
import { apiFlags, featureFlags, featuresOf, openPlane } from "../tailnet-flags.ts";

const flagsSchema = featureFlags.extend(apiFlags.shape).extend({
  remote: z.boolean().default(false),
  for: z.enum(["hosted", "headscale"]),
  member: z.array(z.ipv4()).default([]),
});

/** `tailmox policy check`: exit status 4 when something that a cluster needs is missing. */
export async function runPolicyCheck(file: unknown, raw: unknown): Promise<number> {
  const flags = parseFlags(flagsSchema, raw);
  const { remote, for: asked, member, json, ...features } = flags;
  const path = z.string().optional().parse(file);
  if ((path === undefined) !== remote) throw whichOne();
  const found = remote
    ? await fromTailnet(
        await openPlane(flags, (words) => console.error(words), lookJournal(flags)),
        features.tag,
      )
    : { text: await textOf(path ?? "-"), dialect: asked, members: [], name: path ?? "-" };
  const members =
    member.length > 0 ? member.map((address) => deviceAt(address, address, features.tag)) : found.members;
  const wanted = featuresOf(features, found.dialect);
  const report = reportOn(readPolicy(parsePolicyText(found.text), found.dialect), wanted, members);
  console.log(
    json ? envelope({ ok: true, result: report }) : policyReportLines(report, wanted, found.name).join("\n"),
  );
  return report.verdict === "broken" || report.verdict === "incomplete" ? 4 : 0;
}

interface Found {
  readonly text: string;
  readonly dialect: Dialect;
  readonly members: readonly Device[];
  readonly name: string;
}

async function fromTailnet(plane: ControlPlane, tag: string): Promise<Found> {
  const { text } = await plane.policy();
  // Addresses make a better answer, and need a scope of their own: without it the policy is judged by itself.
  const devices = await plane.devices().catch((error: unknown) => {
    if (error instanceof UserError && error.code === "E_API_SCOPE") return [];
    throw error;
  });
  const members = devices
    .filter(({ tags, authorized }) => tags.includes(tag) && authorized)
    .flatMap(({ name, addresses }) => {
      const address = addresses.find((each) => /^\d+\.\d+\.\d+\.\d+$/.test(each));
      return address === undefined ? [] : [deviceAt(name, address, tag)];
    });
  return { text, dialect: plane.kind, members: members.length > 1 ? members : [], name: plane.url };
}

function deviceAt(name: string, address: string, tag: string): Device {
  const prefix = parsePrefix(address);
  return { name, tags: [tag], ...(prefix && { address: prefix }) };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path === "-" ? "/dev/stdin" : path, "utf8");
  } catch (cause) {
    throw new UserError("E_USAGE", `${path} could not be read`, {
      likely: cause instanceof Error ? cause.message : String(cause),
      mend: "tailmox policy check FILE, or --remote",
      cause,
    });
  }
}

function whichOne(): UserError {
  return new UserError("E_USAGE", "which policy? Give a FILE, or --remote for the one in force", {
    likely: "neither was given, or both",
    mend: "tailmox policy check FILE",
  });
}
