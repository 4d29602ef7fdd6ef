import { z } from "zod";
import { parseLatencyCsv } from "./latency-csv.ts";
import { badMatrix } from "./matrix-error.ts";

/** One direction between two hosts. Times in ms, loss a fraction of this direction's packets. */
export interface Link {
  rttMs: number;
  oneWayMs: number;
  /** Spread of the one-way delay: a packet takes up to half of it more or less than `oneWayMs`. */
  jitterMs: number;
  /** Undefined: nobody measured it. */
  loss?: number;
  /** Probes behind `loss`. Undefined: not told, so nothing is known of its error. */
  sent?: number;
  lost?: number;
  mtu?: number;
  path?: string;
}

export interface MatrixHost {
  name: string;
  nodeid?: number;
  /** Times in which the host's own line is bad in both directions, towards all others. Undefined: not told. */
  bursts?: HostBursts;
}

export interface HostBursts {
  perHour: number;
  /** Mean length, ms. */
  meanMs: number;
  /** Of each packet while it is bad; 1 is an outage. */
  loss: number;
}

/** What is known of the links between some hosts; an absent link is unknown, not dead. */
export interface LatencyMatrix {
  hosts: readonly MatrixHost[];
  /** links[from][to], in the order of `hosts`; the diagonal is undefined. */
  links: readonly (readonly (Link | undefined)[])[];
}

const ms = z.number().min(0).max(10_000, "more than 10 s is no delay that corosync could live with");
const linkSchema = z.object({
  from: z.string(),
  to: z.string(),
  rttMs: ms,
  oneWayMs: ms.optional(),
  jitterMs: ms.optional(),
  loss: z.number().min(0).max(1, "loss is a fraction: 5 % is 0.05").optional(),
  sent: z.int().min(1).optional(),
  lost: z.int().min(0).optional(),
  mtu: z.int().min(68).max(65_535).optional(),
  path: z.string().optional(),
});
const burstsSchema = z.object({
  perHour: z.number().min(0).max(3600),
  meanMs: z.number().min(1).max(60_000, "what lasts more than a minute is no burst"),
  loss: z.number().min(0).max(1, "loss is a fraction: 50 % is 0.5").default(1),
});
const matrixSchema = z.object({
  schemaVersion: z.literal(1),
  hosts: z
    .array(
      z.object({
        name: z.string().min(1),
        nodeid: z.int().min(1).max(65_535).optional(),
        bursts: burstsSchema.optional(),
      }),
    )
    .min(1, "names no host"),
  links: z.array(linkSchema),
});

export type LatencyMatrixFile = z.output<typeof matrixSchema>;

/**
 * Reads a saved matrix, JSON (schemaVersion 1) or CSV (`from,to,rtt_ms,jitter_ms,loss`); `file` is only named in
 * errors. A direction that is missing takes the other's figures; a pair without any stays unknown.
 * @throws UserError E_MATRIX where the text is not a matrix, or holds what cannot be.
 */
export function parseLatencyMatrix(text: string, file: string): LatencyMatrix {
  const clean = text.replace(/^\uFEFF/, "");
  const raw = clean.trimStart().startsWith("{") ? parseJson(clean, file) : parseLatencyCsv(clean, file);
  const read = matrixSchema.safeParse(raw);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw badMatrix(file, `${whereInMatrix(raw, issue?.path ?? [])}${issue?.message ?? "not a matrix"}`);
  }
  return latencyMatrix(read.data, file);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badMatrix(
      file,
      `it does not parse as JSON (${error instanceof Error ? error.message : "unknown"})`,
    );
  }
}

/** `links[3] (pve1 to pve2) rttMs: `, so that the line can be found by name. */
function whereInMatrix(raw: unknown, path: readonly PropertyKey[]): string {
  if (path.length === 0) return "";
  const [list, index, ...rest] = path;
  const named = z
    .object({ links: z.array(z.object({ from: z.string(), to: z.string() }).partial()) })
    .safeParse(raw);
  const link = list === "links" && named.success ? named.data.links[Number(index)] : undefined;
  if (link === undefined) return `${path.join(".")}: `;
  return `link ${link.from ?? "?"} to ${link.to ?? "?"}, ${rest.join(".") || "all of it"}: `;
}

/** Puts the parsed file into a square, refusing what contradicts itself. */
function latencyMatrix(read: LatencyMatrixFile, file: string): LatencyMatrix {
  const place = new Map<string, number>();
  const ids = new Set<number>();
  for (const [index, { name, nodeid }] of read.hosts.entries()) {
    if (place.has(name)) throw badMatrix(file, `host ${name} is there twice`);
    if (nodeid !== undefined && ids.has(nodeid)) throw badMatrix(file, `nodeid ${nodeid} is there twice`);
    place.set(name, index);
    if (nodeid !== undefined) ids.add(nodeid);
  }
  const told = new Map<string, LatencyMatrixFile["links"][number]>();
  for (const link of read.links) {
    const between = `link ${link.from} to ${link.to}`;
    for (const name of [link.from, link.to]) {
      if (!place.has(name)) throw badMatrix(file, `${between}: the file has no host ${name}`);
    }
    const key = `${place.get(link.from)} ${place.get(link.to)}`;
    if (link.from === link.to) throw badMatrix(file, `${between}: a host has no link to itself`);
    if (told.has(key)) throw badMatrix(file, `${between} is there twice`);
    if ((link.oneWayMs ?? 0) > link.rttMs) throw badMatrix(file, `${between}: oneWayMs is longer than rttMs`);
    if (link.lost !== undefined && link.lost > (link.sent ?? 0))
      throw badMatrix(file, `${between}: more probes lost than sent`);
    told.set(key, link);
  }
  const links = read.hosts.map((_, from) =>
    read.hosts.map((_, to) => direction(told.get(`${from} ${to}`), told.get(`${to} ${from}`))),
  );
  const hosts = read.hosts.map(({ name, nodeid, bursts }) => ({
    name,
    ...(nodeid && { nodeid }),
    ...(bursts && { bursts }),
  }));
  return { hosts, links };
}

/** One direction from what is told of it and of the other one. */
function direction(
  own: LatencyMatrixFile["links"][number] | undefined,
  other: LatencyMatrixFile["links"][number] | undefined,
): Link | undefined {
  const told = own ?? other;
  if (told === undefined) return undefined;
  const back = other?.oneWayMs === undefined ? told.rttMs / 2 : told.rttMs - other.oneWayMs;
  const { sent, lost } = told;
  const loss = told.loss ?? (sent !== undefined && lost !== undefined ? lost / sent : undefined);
  return {
    rttMs: told.rttMs,
    oneWayMs: own?.oneWayMs ?? Math.max(0, back),
    jitterMs: told.jitterMs ?? 0,
    ...(loss !== undefined && { loss }),
    ...(sent !== undefined && { sent, lost: lost ?? Math.round((loss ?? 0) * sent) }),
    ...(own?.mtu !== undefined && { mtu: own.mtu }),
    ...(own?.path !== undefined && { path: own.path }),
  };
}
