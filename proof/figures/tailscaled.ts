import { z } from "zod";
import { COLOURS, dot, line, page, text } from "./svg.ts";

const tailscaledMeasured = z.object({
  rows: z.array(
    z.object({
      settings: z.enum(["pve-9", "tuned"]),
      event: z.string(),
      effects: z.array(
        z.object({ host: z.string(), changes: z.number(), linkDowns: z.number(), wholeMs: z.number() }),
      ),
    }),
  ),
});

const ROW = 44;
const LEFT = 400;
const CHANGE = 70;

/** One dot for each run: how many membership changes it cost. */
export function drawTailscaled(measured: unknown): string {
  const { rows } = tailscaledMeasured.parse(measured);
  const events = [...new Set(rows.map(({ event }) => event))];
  const most = Math.max(4, ...rows.flatMap(({ effects }) => effects.map(({ changes }) => changes)));
  const across = (changes: number) => LEFT + changes * CHANGE;
  const bottom = 80 + events.length * ROW;
  const grid = Array.from({ length: most + 1 }, (_, changes) => [
    line([across(changes), 66], [across(changes), bottom]),
    text(across(changes), bottom + 16, String(changes), { anchor: "middle" }),
  ]).flat();
  const runs = rows.flatMap(({ settings, event, effects }) => {
    const y = 86 + events.indexOf(event) * ROW + (settings === "tuned" ? 14 : 0);
    const seen = new Map<number, number>();
    return effects.map(({ changes, linkDowns, host }) => {
      const before = seen.get(changes) ?? 0;
      seen.set(changes, before + 1);
      const words = `${settings}, ${event}, ${host}: ${changes} changes, ${linkDowns} links down`;
      return dot(across(changes) + before * 5, y, COLOURS[settings], words);
    });
  });
  return page(across(most) + 110, bottom + 50, "What happens to a cluster when Tailscale stumbles", [
    dot(21, 46, COLOURS["pve-9"], ""),
    text(32, 50, "Proxmox VE 9's defaults"),
    dot(201, 46, COLOURS.tuned, ""),
    text(212, 50, "tailmox tune; each dot is one run"),
    ...grid,
    ...events.map((event, index) => text(16, 97 + index * ROW, event)),
    ...runs,
    text(across(most / 2), bottom + 36, "membership changes", { anchor: "middle" }),
  ]);
}
