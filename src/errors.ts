/**
 * An error meant for the person at the keyboard: what happened, why it probably did, what to do.
 * Every code has a row in docs/errors.md; a test keeps the two in step.
 */
export class UserError extends Error {
  readonly code: ErrorCode;
  /** The likely cause, one sentence. */
  readonly likely: string;
  /** What to do now: a sentence or a command. */
  readonly mend: string;

  constructor(code: ErrorCode, what: string, why: { likely: string; mend: string; cause?: unknown }) {
    super(what, why.cause === undefined ? undefined : { cause: why.cause });
    this.name = "UserError";
    this.code = code;
    this.likely = why.likely;
    this.mend = why.mend;
  }

  /** The exit status of the program that ends with this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}

/**
 * Every code and its exit status: 1 a fault of the environment, 2 wrong usage, 3 not agreed to,
 * 4 refused after looking (nothing was changed), 5 failed while changing.
 */
export const ERROR_CODES = {
  E_USAGE: 2,
  E_NOT_ROOT: 4,
  E_COMMAND_FAILED: 1,
  E_COMMAND_TIMEOUT: 1,
  E_LAB_SCENARIO: 2,
  E_LAB_SETUP: 1,
  E_LAB_EXISTS: 4,
  E_LAB_ABSENT: 4,
} as const satisfies Record<`E_${string}`, number>;

export type ErrorCode = keyof typeof ERROR_CODES;
