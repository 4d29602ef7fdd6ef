/**
 * An error as Proxmox's programs raise it: a text for people, an HTTP status for the API, an exit status for
 * the command line (a Perl `die` exits with errno, else 255; proxmox.md, rule C).
 */
export class PveError extends Error {
  readonly status: number;
  /** Reasons by parameter, for 400 `Parameter verification failed.` */
  readonly errors: Readonly<Record<string, string>> | undefined;
  readonly exitCode: number;

  constructor(
    text: string,
    more: { status?: number; errors?: Readonly<Record<string, string>>; exitCode?: number } = {},
  ) {
    super(text);
    this.name = "PveError";
    this.status = more.status ?? 500;
    this.errors = more.errors;
    this.exitCode = more.exitCode ?? 255;
  }
}

/** 400 with a reason for each parameter. */
export function parameterError(errors: Readonly<Record<string, string>>): PveError {
  return new PveError("Parameter verification failed.", { status: 400, errors });
}

/** The words Perl would print for a failed system call: `Permission denied`, not `EACCES: ...`. */
export function errnoText(error: unknown): string {
  const code = errnoCode(error);
  return ERRNO_TEXT[code] ?? (error instanceof Error ? error.message : String(error));
}

/** `EACCES`, `ENOENT`, ... of a failed system call, else an empty text. */
export function errnoCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The message of anything thrown. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const ERRNO_TEXT: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  EEXIST: "File exists",
  EIO: "Input/output error",
  ENOTCONN: "Transport endpoint is not connected",
  EROFS: "Read-only file system",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  ENOSPC: "No space left on device",
  EFBIG: "File too large",
  ECONNREFUSED: "Connection refused",
  EHOSTUNREACH: "No route to host",
  ENETUNREACH: "Network is unreachable",
  ETIMEDOUT: "Connection timed out",
  ECONNRESET: "Connection reset by peer",
  EPIPE: "Broken pipe",
  EMSGSIZE: "Message too long",
  ENOTFOUND: "Name or service not known",
  EAI_AGAIN: "Temporary failure in name resolution",
};
