import { type Direction, newDirection } from "./direction.ts";
import type { DirectionReading, Request, Way } from "./protocol.ts";
import { directionSettings } from "./settings.ts";

/** All directions of a lab, found by their two VNIs. */
export interface DirectionTable {
  find(from: number, to: number): Direction | undefined;
  /** Does what a client asks. Throws for a way that is not there, and then nothing was changed. */
  apply(request: Request): void;
  read(): DirectionReading[];
}

export function createTable(): DirectionTable {
  const directions = new Map<number, Direction>();
  const find = (from: number, to: number) => directions.get(from * 256 + to);

  function known(ways: readonly Way[]): Direction[] {
    return ways.map(({ from, to }) => {
      const direction = find(from, to);
      if (!direction) throw new Error(`there is no way from port ${from} to port ${to}`);
      return direction;
    });
  }

  function apply(request: Request): void {
    if (request.do === "reset") {
      for (const { from, to, settings } of request.directions) {
        const direction = find(from, to) ?? newDirection(from, to, settings);
        direction.settings = settings;
        direction.isCut = false;
        directions.set(from * 256 + to, direction);
      }
    } else if (request.do === "change") {
      for (const direction of known(request.ways)) {
        direction.settings = directionSettings.parse({ ...direction.settings, ...request.change });
      }
    } else if (request.do === "cut") {
      for (const direction of known(request.ways)) direction.isCut = true;
    }
  }

  function read(): DirectionReading[] {
    return [...directions.values()].map(({ from, to, settings, isCut, counters }) => ({
      from,
      to,
      settings,
      cut: isCut,
      counters,
    }));
  }

  return { find, apply, read };
}
