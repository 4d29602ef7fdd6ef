import { z } from "zod";
import { SETTINGS } from "./grid.ts";

const shape = {
  settings: z.enum(SETTINGS),
  release: z.enum(["pve8", "pve9"]),
  hosts: z.number(),
  rttMs: z.number(),
  seconds: z.number(),
};
const times = z.array(z.number());

/** The cells of docs/evidence/stability-*.json, as the proofs write them. */
export const lossCells = z.array(
  z.object({
    ...shape,
    loss: z.number(),
    changes: z.number(),
    mostOfOneHost: z.number(),
    linkDowns: z.number(),
    wholeAtTheEnd: z.boolean(),
    write: z.object({ count: z.number(), medianMs: z.number(), longestMs: z.number() }),
    expected: z.object({ changes: z.number(), linkDowns: z.number() }),
  }),
);

export const outageCells = z.array(
  z
    .object(shape)
    .omit({ seconds: true })
    .extend({
      outageMs: z.number(),
      silences: z.array(
        z.object({ place: z.number(), changes: z.number(), linkDowns: z.number(), backMs: z.number() }),
      ),
    }),
);

export const burstCells = z.array(
  z.object({
    ...shape,
    loss: z.number(),
    bursts: z.number(),
    meanMs: z.number(),
    changes: z.number(),
    mostOfOneHost: z.number(),
    linkDowns: z.number(),
    longestWriteMs: z.number(),
  }),
);

export const endingCells = z.array(
  z.object(shape).omit({ seconds: true, release: true }).extend({
    crashMs: times,
    cutMs: times,
    leaveMs: times,
    joinMs: times,
    healMs: times,
  }),
);
