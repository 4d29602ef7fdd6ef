import { badMatrix } from "./matrix-error.ts";

const COLUMNS = ["from", "to", "rtt_ms", "jitter_ms", "loss"] as const;

/**
 * The CSV form of a matrix, `from,to,rtt_ms,jitter_ms,loss`: one directed link a line; jitter and loss may be empty.
 * Names and numbers need no quotes, so quotes around a cell are taken off and nothing more of CSV is understood.
 * @throws UserError E_MATRIX with the number of the line.
 */
export function parseLatencyCsv(text: string, file: string): unknown {
  const [header, ...lines] = text
    .split(/\r?\n/)
    .map((line, index) => ({ cells: cellsOf(line), number: index + 1 }))
    .filter(({ cells }) => cells.some((cell) => cell !== ""));
  if (header?.cells.join(",").toLowerCase() !== COLUMNS.join(",")) {
    throw badMatrix(file, `it is no JSON, and as CSV its first line must be ${COLUMNS.join(",")}`);
  }
  const hosts = new Set<string>();
  const links = lines.map(({ cells, number }) => {
    if (cells.length > COLUMNS.length) throw badMatrix(file, `line ${number} has more than five columns`);
    const [from = "", to = "", rtt = "", jitter = "", loss = ""] = cells;
    if (from === "" || to === "") throw badMatrix(file, `line ${number} does not name two hosts`);
    if (rtt === "")
      throw badMatrix(file, `line ${number} has no rtt_ms; leave out the line of an unknown link`);
    hosts.add(from).add(to);
    const figure = (cell: string, name: string) =>
      figureOf(cell, () => badMatrix(file, `line ${number}: ${name} is no number`));
    return {
      from,
      to,
      rttMs: figure(rtt, "rtt_ms"),
      jitterMs: figure(jitter, "jitter_ms"),
      loss: figure(loss, "loss"),
    };
  });
  return { schemaVersion: 1, hosts: [...hosts].map((name) => ({ name })), links };
}

function cellsOf(line: string): string[] {
  return line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
}

function figureOf(cell: string, error: () => Error): number | undefined {
  if (cell === "") return undefined;
  const value = Number(cell);
  if (!Number.isFinite(value)) throw error();
  return value;
}
