import type { RingCell } from "./measure.ts";

const WITHIN = 0.05;

/** What the evidence does not bear out, in words; empty where all holds. */
export function judgeRings(cells: readonly RingCell[]): string[] {
  return [...predictionsOff(cells), ...chosenThatAreNotBest(cells)];
}

function predictionsOff(cells: readonly RingCell[]): string[] {
  return cells.flatMap(({ topology, word, predicted, measured }) =>
    (["rotationMs", "writeMs"] as const)
      .filter((figure) => Math.abs(measured[figure] / predicted[figure] - 1) > WITHIN)
      .map((figure) => `${topology}, ${word}: ${figure} ${measured[figure]}, predicted ${predicted[figure]}`),
  );
}

/** The chosen order is within 5 % of the shortest rotation of all that were measured. */
function chosenThatAreNotBest(cells: readonly RingCell[]): string[] {
  return cells
    .filter(({ word }) => word === "chosen")
    .flatMap((chosen) => {
      const others = cells.filter(({ topology }) => topology === chosen.topology);
      const best = Math.min(...others.map(({ measured }) => measured.rotationMs));
      return chosen.measured.rotationMs > best * (1 + WITHIN)
        ? [`${chosen.topology}: the chosen ring takes ${chosen.measured.rotationMs} ms, another ${best} ms`]
        : [];
    });
}
