import { ringReport } from "../../cluster/forecast.ts";
import { type Mesh, nameOf } from "../../cluster/mesh.ts";
import { newIdsForBestRing } from "../../cluster/new-ids.ts";
import { insertionId } from "../../cluster/node-ids.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { matrixFlags, readMesh } from "../forecast-input.ts";
import { ms, withoutNoBreak } from "../forecast-text.ts";
import { wrap } from "../wrap.ts";

/** `tailmox ring`: the present order, the best one, and what it would take. It changes nothing. */
export async function runRing(raw: unknown): Promise<number> {
  const flags = parseFlags(matrixFlags, raw);
  const { mesh, living } = await readMesh(flags, "ring");
  const result = ringResult(mesh);
  const matrix = living ? "" : " --matrix FILE";
  console.log(
    flags.json ? envelope({ ok: true, result }) : withoutNoBreak(ringLines(result, matrix)).join("\n"),
  );
  return 0;
}

function ringResult(mesh: Mesh) {
  const report = ringReport(mesh);
  const isPlanned = mesh.hosts.every(({ nodeid }) => nodeid === undefined);
  const joiners = [...mesh.hosts.keys()].filter((place) => mesh.hosts[place]?.nodeid === undefined);
  return {
    ring: report,
    gainMs: report.rotationMs - report.best.rotationMs,
    /** Hosts that would have to be removed and joined anew, with these ids; none of a cluster that is only planned. */
    newIds: joiners.length === 0 ? newIdsForBestRing(mesh) : [],
    /** Hosts without id, each as if it alone joined the others. */
    joiners: isPlanned
      ? []
      : joiners.map((place) => ({ name: nameOf(mesh, place), ...insertionId(mesh, place) })),
    planned: isPlanned,
  };
}

function ringLines(
  { ring, gainMs, newIds, joiners, planned }: ReturnType<typeof ringResult>,
  matrix: string,
): string[] {
  const { best } = ring;
  const row = (name: string, text: string) => wrap(text, `  ${name.padEnd(10)}`, " ".repeat(12));
  const ids = best.order.map((name, i) => `${name} ${best.nodeids[i]}`).join(", ");
  const isBest = gainMs < 0.01 * ring.rotationMs;
  return [
    isBest
      ? `The ring is as short as it can be: ${ms(ring.rotationMs)}.`
      : `Other nodeids would make the ring ${ms(best.rotationMs)} instead of ${ms(ring.rotationMs)}.`,
    "",
    ...row(
      "now",
      `${ring.order.join(" -> ")}  round ${ms(ring.rotationMs)}, a change in /etc/pve ${ms(2 * ring.rotationMs)}`,
    ),
    ...(isBest
      ? []
      : row(
          best.exact ? "best" : "best found",
          `${best.order.join(" -> ")}  round ${ms(best.rotationMs)}, a change in /etc/pve ${ms(2 * best.rotationMs)}`,
        )),
    ...(planned ? row("ids", `${ids}  (the gaps leave room for later hosts)`) : []),
    ...joiners.flatMap(({ name, nodeid, after, before, addsMs }) =>
      row("joiner", `${name} as ${nodeid}: between ${after} and ${before} it adds ${ms(addsMs)}`),
    ),
    ...(isBest || newIds.length === 0
      ? []
      : row(
          "change",
          `${newIds.map(({ name, nodeid }) => `${name} as ${nodeid}`).join(", ")}: the id of a member cannot change, so each has to be removed from the cluster and joined anew, one after the other, without guests`,
        )),
    "",
    `${planned ? "Nothing exists yet" : "Nothing was changed"}.  Next: tailmox forecast${matrix}`,
  ];
}
