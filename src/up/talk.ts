import type { StepDisplay } from "../steps/apply.ts";

/** How `up` speaks while it works; src/cli/screen.ts shows it, tests collect it. */
export interface Talk extends StepDisplay {
  /** A line of the report: a name, and what is going on until the verdict is there. */
  phase(name: string, doing: string): Phase;
  /** Lines below the last verdict. */
  note(...lines: readonly string[]): void;
  /** A page that a person has to open now; shown whatever else is kept still. */
  visit(words: string, url: string): void;
  /** A plan as it is shown before the question. */
  plan(title: string, steps: readonly { title: string; why?: string }[], losses: readonly string[]): void;
}

export interface Phase {
  doing(words: string): void;
  ok(words: string): void;
  /** Nothing wrong, but nothing there yet. */
  absent(words: string): void;
  warn(words: string): void;
  /** Keeps still, because a question is asked now. */
  pause(): void;
}

/** Questions to the person at the terminal; there is none of these without a terminal. */
export interface Ask {
  /** Default no. */
  goOn(question: string): Promise<boolean>;
  /** True only when the word yes is typed. */
  typedYes(question: string): Promise<boolean>;
  /** undefined when nothing is typed. */
  password(question: string): Promise<string | undefined>;
}
