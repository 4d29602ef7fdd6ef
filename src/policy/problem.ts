/** Something wrong in a policy file. */
export interface Problem {
  readonly line: number;
  readonly words: string;
  /** refused: the control server takes no policy with this. note: tailmox does not know it. */
  readonly severity: "refused" | "note";
}
