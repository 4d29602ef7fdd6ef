import { z } from "zod";

/** The cells of docs/evidence/ring.json, as the proof writes them. */
export const ringCells = z.array(
  z.object({
    topology: z.string(),
    hosts: z.number(),
    word: z.string(),
    order: z.array(z.number()),
    predicted: z.object({ rotationMs: z.number(), writeMs: z.number(), askedRotationMs: z.number() }),
    measured: z.object({
      rotationMs: z.number(),
      writeMs: z.number(),
      writeP99Ms: z.number(),
      rotations: z.number(),
      writes: z.number(),
    }),
  }),
);
