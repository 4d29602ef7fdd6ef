import { UserError } from "../errors.ts";

/** The error for a file that is no matrix. */
export function badMatrix(file: string, what: string): UserError {
  return new UserError("E_MATRIX", `${file} is not a usable latency matrix: ${what}.`, {
    likely: "the file was edited or made by hand, or is not a matrix at all",
    mend: "see docs/forecast.md for both forms of the file",
  });
}
