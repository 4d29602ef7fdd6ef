import { z } from "zod";
import { type LinkSettings, linkSettings } from "../../scenario.ts";

/** What one direction of a pair does to packets. Times in ms, loss 0..1; null: no burst, no limit of rate. */
export const directionSettings = z.object({
  delayMs: z.number().min(0),
  jitterMs: z.number().min(0),
  loss: z.number().min(0).max(1),
  burst: linkSettings.shape.burst.unwrap().nullable(),
  rateMbit: z.number().positive().nullable(),
  queueBytes: z.number().int().positive(),
});
export type DirectionSettings = z.infer<typeof directionSettings>;

/** Some of the settings of a link; null puts a setting back to none. */
export type LinkChange = { readonly [Key in keyof LinkSettings]?: LinkSettings[Key] | null };

/** What a direction does when only the round trip is given. */
export const DEFAULT_QUEUE_BYTES = 64 * 1024;

/** The settings of each direction of a link as a scenario asks for it. */
export function directionOf(link: LinkSettings): DirectionSettings {
  return { ...NOTHING, ...directionChange(link) };
}

/** What a change of a link means for one direction: half of the round trip, the rest as it is. */
export function directionChange(change: LinkChange): Partial<DirectionSettings> {
  const { rttMs, jitterMs, loss, burst, rateMbit, queueBytes } = change;
  return {
    ...(rttMs !== undefined && { delayMs: (rttMs ?? NOTHING.delayMs) / 2 }),
    ...(jitterMs !== undefined && { jitterMs: jitterMs ?? NOTHING.jitterMs }),
    ...(loss !== undefined && { loss: loss ?? NOTHING.loss }),
    ...(burst !== undefined && { burst }),
    ...(rateMbit !== undefined && { rateMbit }),
    ...(queueBytes !== undefined && { queueBytes: queueBytes ?? NOTHING.queueBytes }),
  };
}

const NOTHING: DirectionSettings = {
  delayMs: 0,
  jitterMs: 0,
  loss: 0,
  burst: null,
  rateMbit: null,
  queueBytes: DEFAULT_QUEUE_BYTES,
};
