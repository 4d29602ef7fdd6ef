import { linksOf, type Mesh, nameOf } from "./mesh.ts";

/** The largest of each that real corosync was measured with (corosync.md 19). */
const MEASURED = { hosts: 7, rttMs: 1000, loss: 0.1 } as const;

/** Where a mesh lies outside of what was ever measured: the forecast goes on, but it is a guess there. */
export interface BeyondMeasured {
  /** So much loss speaks against a green. */
  loss?: string;
  hosts?: string;
  rtt?: string;
}

/** Says in words what is beyond the measurements. */
export function beyondMeasured(mesh: Mesh): BeyondMeasured {
  const links = [...linksOf(mesh)];
  const between = ({ from, to }: { from: number; to: number }) =>
    `${nameOf(mesh, from)} to ${nameOf(mesh, to)}`;
  const lossy = links.find(({ link }) => (link.loss ?? 0) > MEASURED.loss);
  const far = links.find(({ link }) => link.rttMs > MEASURED.rttMs);
  return {
    ...(lossy && {
      loss: `${between(lossy)} loses ${Math.round((lossy.link.loss ?? 0) * 100)} %: clusters were measured up to ${MEASURED.loss * 100} %`,
    }),
    ...(far && {
      rtt: `${between(far)} is ${Math.round(far.link.rttMs)} ms away: measured up to ${MEASURED.rttMs} ms`,
    }),
    ...(mesh.hosts.length > MEASURED.hosts && {
      hosts: `${mesh.hosts.length} hosts: measured up to ${MEASURED.hosts}`,
    }),
  };
}
