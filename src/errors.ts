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
  E_INTERNAL: 1,
  E_LOG_FILE: 1,
  E_TOOL_MISSING: 1,
  E_SECRET: 2,
  E_NOT_AGREED: 3,
  E_INTERRUPTED: 3,
  E_CREATE_ALONE: 3,
  E_NOT_PVE: 4,
  E_PVE_VERSION: 4,
  E_PVE_DOWN: 4,
  E_NODE_NAME: 4,
  E_ONCE_CLUSTERED: 4,
  E_DISK_FULL: 4,
  E_RISK: 3,
  E_CLOUD_INIT: 4,
  E_ALREADY_CLUSTERED: 4,
  E_TAILSCALE_INSTALL: 5,
  E_TAILSCALE_DOWN: 5,
  E_AUTH_KEY: 4,
  E_LOGIN_FAILED: 5,
  E_LOGIN_TIMEOUT: 5,
  E_NOT_APPROVED: 5,
  E_WEB_REFUSED: 4,
  E_WEB_FAILED: 5,
  E_UNDO_MEMBER: 4,
  E_UNDO_HOSTS: 4,
  E_NOT_TAGGED: 4,
  E_TAILNET_UNFIT: 4,
  E_PEER_NOT_FOUND: 4,
  E_PEER_UNREACHABLE: 4,
  E_UDP_FILTERED: 4,
  E_UDP_UNPROVEN: 4,
  E_MTU: 4,
  E_SAME_NAME: 4,
  E_FIREWALL_LOCKOUT: 4,
  E_PEER_UNKNOWN: 4,
  E_PEER_STANDALONE: 4,
  E_SEVERAL_CLUSTERS: 4,
  E_SEVERAL_GUEST_HOSTS: 4,
  E_NOT_FOUNDER: 4,
  E_GUESTS: 4,
  E_NAME_TAKEN: 4,
  E_CLUSTER_NOT_WHOLE: 4,
  E_NAMES_FAILED: 5,
  E_CREATE_FAILED: 5,
  E_JOIN_FAILED: 5,
  E_JOIN_TIMEOUT: 5,
  E_GUARD: 5,
  E_GUARD_ARMED: 4,
  E_DELNODE: 5,
  E_CEPH: 4,
  E_RUN_LOCKED: 4,
  E_JOIN_LOCKED: 4,
  E_VERIFY_FAILED: 5,
  E_MATRIX: 2,
  E_MATRIX_HOLES: 4,
  E_DEAD_PAIR: 4,
  E_NEEDS_MATRIX: 2,
  E_SETTINGS: 2,
  E_NO_NODEID: 4,
  E_TUNE_NO_FIT: 4,
  E_TUNE_WORSE: 3,
  E_TUNE_DRIFT: 4,
  E_TUNE_UNDERWAY: 4,
  E_TUNE_CHANGED: 4,
  E_TUNE_NO_RECORD: 4,
  E_TUNE_GUARD: 5,
  E_TUNE_WRITE: 5,
  E_TUNE_TAKEN_BACK: 5,
  E_NOTHING_TO_MEASURE: 4,
  E_MEMBER_UNREACHED: 4,
  E_COROSYNC_CONF: 4,
  E_COROSYNC_LINKS: 4,
  E_POLICY_SYNTAX: 2,
  E_POLICY_REFUSED: 4,
  E_POLICY_EXTERNAL: 4,
  E_POLICY_RACE: 5,
  E_POLICY_CHANGED: 4,
  E_POLICY_NO_BACKUP: 4,
  E_API_CREDENTIALS: 2,
  E_API_UNREACHABLE: 1,
  E_API_LOGIN: 4,
  E_API_SCOPE: 4,
  E_API_BUSY: 1,
  E_API_CONFLICT: 4,
  E_API_NOT_FOUND: 4,
  E_API_ANSWER: 1,
  E_API_PLAIN: 4,
  E_NO_SUCH_FEATURE: 4,
  E_SERVICE_WAIT: 4,
  E_DEVICE_NOT_FOUND: 4,
  E_DEVICE_KEPT: 4,
  E_LAB_NO_GO: 1,
  E_LAB_GO_DOWNLOAD: 1,
  E_LAB_GO_BUILD: 1,
  E_LAB_TAILNET: 1,
  E_LAB_NO_TAILNET: 4,
  E_LAB_SCENARIO: 2,
  E_LAB_SETUP: 1,
  E_LAB_EXISTS: 4,
  E_LAB_ABSENT: 4,
  E_LAB_RELAY: 1,
  E_LAB_NOT_ROOT: 4,
  E_LAB_NO_NAMESPACES: 4,
  E_LAB_NO_FUSE: 4,
  E_LAB_NO_TUN: 4,
  E_LAB_NO_LOOP: 4,
  E_LAB_NO_CGROUP: 4,
  E_LAB_NO_MEMORY: 4,
  E_LAB_NO_SPACE: 4,
  E_LAB_BUSY: 1,
  E_LAB_IMAGE: 1,
  E_LAB_BOOT: 1,
  E_LAB_SHUTDOWN: 1,
  E_LAB_HOST_OFF: 4,
  E_LAB_SNAPSHOT: 4,
} as const satisfies Record<`E_${string}`, number>;

export type ErrorCode = keyof typeof ERROR_CODES;
