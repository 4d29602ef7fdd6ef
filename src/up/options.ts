import type { Journal } from "../host/journal.ts";
import type { Passwords } from "./passwords.ts";
import type { Presence } from "./presence.ts";
import type { Risk } from "./risks.ts";
import type { Ask, Talk } from "./talk.ts";
import type { WebKind } from "./web-choice.ts";

/** What `tailmox up` was asked, after reading argv, environment and files. */
export interface UpOptions {
  /** Of this tailmox: told to peers. */
  readonly version: string;
  readonly authKey: string | undefined;
  readonly loginServer: string | undefined;
  readonly tag: string;
  readonly clusterName: string;
  readonly create: boolean;
  readonly join: string | undefined;
  /** Peers that a create passes over, though nothing is known of them: names or addresses. */
  readonly without: readonly string[];
  readonly passwords: Passwords;
  /** undefined: serve where the tailnet can, else none. */
  readonly web: WebKind | undefined;
  /** "svc:tailmox": offered after the join; undefined: none. */
  readonly service?: string | undefined;
  /** Ends when Tailscale is logged in and the certificate is fetched. */
  readonly staging: boolean;
  readonly acceptRisks: readonly Risk[];
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** How long a person may take to open a login link, or to approve this host. */
  readonly loginTimeoutMs: number;
  /** How long to look for peers when none is visible at first. */
  readonly peerWaitMs: number;
  /** How long to wait for others: a founder that creates, hosts that join before this one. */
  readonly waitMs: number;
  /** How long a join may take before it is ended. */
  readonly joinTimeoutMs: number;
}

/** Around `up`: whom it tells and whom it asks. */
export interface Company {
  readonly talk: Talk;
  readonly journal: Journal;
  /** undefined without a terminal. */
  readonly ask: Ask | undefined;
  /** What answers peers meanwhile; from the moment on that this host is in the tailnet. */
  readonly presence?: Presence;
}
