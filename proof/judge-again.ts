import { z } from "zod";
import { workedRotationMs } from "../src/cluster/ring-figures.ts";
import { ringCells } from "./ring/evidence.ts";
import { judgeRings } from "./ring/judge.ts";
import { expectedEndings } from "./stability/endings.ts";
import { burstCells, endingCells, lossCells, outageCells } from "./stability/evidence.ts";
import { expectedOf } from "./stability/expected.ts";
import { judgeEndings } from "./stability/judge-endings.ts";
import { judgeLoss } from "./stability/judge-loss.ts";
import { burstBeside, judgeBursts, judgeOutages, outageBeside } from "./stability/judge-silences.ts";

/** The cells of a proof beside what today's model forecasts, and what does not hold. */
export interface Judged {
  cells: object[];
  broken: string[];
}

/** Judges what was measured anew: whoever changes the model need not measure again. By the name of the proof. */
export const AGAIN: Readonly<Record<string, (measured: unknown) => Judged>> = {
  // The rotation is the sum of measured delays; what follows from it is the model's.
  ring: (measured) => {
    const cells = cellsOf(measured, ringCells).map((cell) => {
      const { rotationMs } = cell.predicted;
      const writeMs = Math.round(workedRotationMs(rotationMs, cell.hosts) * 5) / 10;
      return { ...cell, predicted: { ...cell.predicted, writeMs } };
    });
    return { cells, broken: judgeRings(cells) };
  },
  "stability-loss": (measured) => {
    const cells = cellsOf(measured, lossCells).map((cell) => ({
      ...cell,
      expected: expectedOf(cell, cell.loss, cell.seconds, 0.3),
    }));
    return { cells, broken: judgeLoss(cells) };
  },
  "stability-outages": outages,
  "stability-outages-idle": outages,
  "stability-bursts": (measured) => {
    const cells = cellsOf(measured, burstCells);
    const beside = cells.map((cell) => ({ ...cell, expected: burstBeside(cell).expected }));
    return { cells: beside, broken: judgeBursts(cells) };
  },
  "stability-endings": (measured) => {
    const cells = cellsOf(measured, endingCells).map((cell) => ({
      ...cell,
      expected: expectedEndings(cell),
    }));
    return { cells, broken: judgeEndings(cells) };
  },
};

function outages(measured: unknown): Judged {
  const cells = cellsOf(measured, outageCells);
  const beside = cells.map((cell) => ({ ...cell, changesEach: outageBeside(cell) }));
  return { cells: beside, broken: judgeOutages(cells) };
}

function cellsOf<Cells>(measured: unknown, schema: z.ZodType<Cells>): Cells {
  return schema.parse(z.object({ cells: z.unknown() }).parse(measured).cells);
}
