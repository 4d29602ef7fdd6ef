import { parseLatencyMatrix } from "../cluster/latency-matrix.ts";
import { fullMesh, type Mesh, without } from "../cluster/mesh.ts";
import { UserError } from "../errors.ts";
import { matrixFile } from "../latency/matrix-file.ts";
import { measure } from "../latency/measure.ts";
import { readRoster } from "../latency/roster.ts";
import { usesHa } from "../status/ha-risk.ts";
import { type LookFlags, lookHere } from "./look.ts";
import { makeScreen } from "./screen.ts";

/** What a command works on: the links, and what else is known where they were measured just now. */
export interface MeshInput {
  readonly mesh: Mesh;
  /** Undefined: the links come from a file. */
  readonly living?: {
    readonly isCluster: boolean;
    /** HA resources are there. */
    readonly ha: boolean;
    /** All hosts' libknet is known, and 1.27 or later. */
    readonly fastDataUp: boolean;
  };
}

/**
 * Measures the links between the members (or this host and the tagged peers) for as long as figures need that are
 * good enough for a first look. Tells on stderr what it does. Throws E_NEEDS_MATRIX where there is nothing to measure.
 */
export async function livingMesh(
  command: string,
  leftOut: readonly string[],
  look: LookFlags & { readonly tag: string },
): Promise<MeshInput> {
  if (process.getuid?.() !== 0) throw needsMatrix(command, "it was not started as root");
  const here = lookHere(look);
  const roster = await readRoster(here, look.tag).catch((error: unknown) => {
    const isAlone = error instanceof UserError && error.code === "E_NOTHING_TO_MEASURE";
    throw isAlone ? needsMatrix(command, error.message) : error;
  });
  const screen = makeScreen(process.stderr);
  const phase = screen.phase("Latency", `measuring ${roster.hosts.length} hosts (usually 8 s)`);
  const measurement = await measure(here, roster, QUICK_MS);
  const unknown = measurement.hosts.filter((host) => host.unknown !== undefined);
  const words = `${measurement.hosts.length - unknown.length} of ${measurement.hosts.length} hosts asked`;
  if (unknown.length === 0) phase.ok(words);
  else phase.warn(`${words}; not ${unknown.map(({ name, unknown: why }) => `${name} (${why})`).join(", ")}`);
  // As a file would be: what a measurement leaves open is judged in one place.
  const matrix = parseLatencyMatrix(JSON.stringify(matrixFile(measurement)), "the measurement");
  return {
    mesh: fullMesh(without(matrix, leftOut)),
    living: {
      isCluster: roster.scope.kind === "members",
      ha: await usesHa(here),
      fastDataUp: measurement.hosts.every(({ libknet }) => libknet !== undefined && isFast(libknet)),
    },
  };
}

const QUICK_MS = 5_000;

/** 1.27 and later bring a link up with the first data (corosync.md 5.1). */
function isFast(version: string): boolean {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  return major > 1 || (major === 1 && minor >= 27);
}

function needsMatrix(command: string, likely: string): UserError {
  return new UserError(
    "E_NEEDS_MATRIX",
    `tailmox ${command} needs --matrix FILE here: it can measure only as root, on a host that has others to reach.`,
    {
      likely,
      mend: `write the RTTs between your hosts to a file (docs/forecast.md), then tailmox ${command} --matrix FILE`,
    },
  );
}
