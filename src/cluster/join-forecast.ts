import { FORECAST_DEFAULTS, type Outlook, outlookOf } from "./forecast.ts";
import type { Colour } from "./forecast-verdict.ts";
import { fewestProbes } from "./loss-bounds.ts";
import type { Mesh } from "./mesh.ts";
import { type ProbesWanted, probesWanted } from "./probes-wanted.ts";
import { ringOrder } from "./ring.ts";
import type { TotemSettings } from "./totem.ts";
import { tunedSettings } from "./tuned.ts";

/** What a cluster will be like with one host more. */
export interface JoinForecast extends Outlook {
  readonly hosts: number;
  /** Behind the loss of each link; undefined where some link does not tell. */
  readonly fewestProbes: number | undefined;
  /** Undefined: more of them would not change what is said. */
  readonly wanted: ProbesWanted | undefined;
  /** With the settings of `tailmox tune`. */
  readonly tuned: Colour;
}

/**
 * The forecast of a join from few runs: under half a second. The last host of the mesh is the joiner; `totem` is in
 * force and stays so. Of libknet the older one is assumed, which breaks up to twice as often.
 */
export function joinForecast(mesh: Mesh, totem: TotemSettings, { ha }: { ha: boolean }): JoinForecast {
  const options = { ...FORECAST_DEFAULTS, ha, runs: 20 };
  const order = ringOrder(mesh);
  const outlook = outlookOf(mesh, order, totem, options);
  const { changes } = outlook;
  return {
    ...outlook,
    hosts: mesh.hosts.length,
    fewestProbes: fewestProbes(mesh),
    wanted: changes && probesWanted(mesh, order, totem, changes, options),
    tuned: outlookOf(mesh, order, tunedSettings(mesh, order).settings, options).verdict.colour,
  };
}
