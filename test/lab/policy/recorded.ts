import { exists, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { goBuild } from "../../../lab/go-build.ts";
import { cacheDir, projectDir } from "../../../lab/paths.ts";
import { moduleVersion } from "../../../lab/tailnet/programs.ts";

/** A policy that Tailscale's hosted service was given once, and what it made of it. */
export interface Recording {
  readonly name: string;
  readonly policy: string;
  /** The message of a refusal; undefined when the policy was taken. */
  readonly refused: string | undefined;
  readonly nodes: readonly RecordedNode[];
}

export interface RecordedNode {
  readonly name: string;
  readonly tags: readonly string[];
  readonly user: string | undefined;
  readonly address: string;
  /** The packet filter that the hosted service sent to it; undefined when it was not recorded. */
  readonly filter: readonly FilterRule[] | undefined;
}

export interface FilterRule {
  readonly sources: readonly string[];
  readonly protocols: readonly number[];
  readonly targets: readonly { address: string; first: number; last: number }[];
}

/** headscale's source holds what the hosted service answered to hundreds of policies: these are read from there. */
export async function recordings(kind: "acl" | "grant"): Promise<Recording[]> {
  const version = moduleVersion(await Bun.file(join(projectDir, "lab/go.mod")).text(), MODULE);
  const source = join(cacheDir, `go/mod/${MODULE}@v${version}`);
  // The programs may be there from an earlier build without the sources they came from.
  if (!(await exists(source))) await goBuild(["-o", "/dev/null", `${MODULE}/hscontrol/policy/v2`]);
  const folder = join(source, `hscontrol/policy/v2/testdata/${kind}_results`);
  const names = (await readdir(folder)).filter((name) => name.endsWith(".hujson")).sort();
  const all: Recording[] = [];
  for (const name of names) all.push(await readRecording(folder, name));
  return all;
}

const MODULE = "github.com/juanfont/headscale";

async function readRecording(folder: string, name: string): Promise<Recording> {
  const text = await Bun.file(join(folder, name)).text();
  const { input, topology, captures } = recordingJson.parse(JSON.parse(text.slice(text.indexOf("\n{"))));
  const scenario = z.object({ policy: z.unknown() }).parse(JSON.parse(input.scenario_hujson));
  return {
    name,
    policy: textOf(input.full_policy ?? scenario.policy),
    refused: input.api_response_code === 200 ? undefined : (input.api_response_body?.message ?? "refused"),
    nodes: Object.entries(topology.nodes).map(([node, { tags, user, ipv4 }]) => ({
      name: node,
      tags,
      user: topology.users.find((each) => each.name === user)?.email,
      address: ipv4,
      filter: captures[node]?.netmap
        ? (captures[node].netmap.PacketFilterRules ?? []).map(filterRule)
        : undefined,
    })),
  };
}

function textOf(policy: unknown): string {
  return typeof policy === "string" ? policy : JSON.stringify(policy);
}

const ruleJson = z.object({
  SrcIPs: z.array(z.string()).nullish(),
  DstPorts: z
    .array(z.object({ IP: z.string(), Ports: z.object({ First: z.number(), Last: z.number() }) }))
    .nullish(),
  IPProto: z.array(z.number()).nullish(),
});

const recordingJson = z.object({
  input: z.object({
    full_policy: z.union([z.string(), z.looseObject({})]).optional(),
    scenario_hujson: z.string(),
    api_response_code: z.number(),
    api_response_body: z.object({ message: z.string() }).optional(),
  }),
  topology: z.object({
    users: z.array(z.object({ name: z.string(), email: z.string() })),
    nodes: z.record(
      z.string(),
      z.object({ tags: z.array(z.string()), user: z.string().optional(), ipv4: z.string() }),
    ),
  }),
  captures: z.record(
    z.string(),
    z.object({ netmap: z.object({ PacketFilterRules: z.array(ruleJson).nullish() }).nullish() }),
  ),
});

function filterRule({ SrcIPs, DstPorts, IPProto }: z.infer<typeof ruleJson>): FilterRule {
  return {
    sources: SrcIPs ?? [],
    protocols: IPProto ?? [],
    targets: (DstPorts ?? []).map(({ IP, Ports }) => ({ address: IP, first: Ports.First, last: Ports.Last })),
  };
}
