import type { UpOptions } from "../../../../src/up/options.ts";
import { parsePasswords } from "../../../../src/up/passwords.ts";
import type { Talk } from "../../../../src/up/talk.ts";

/** What tests of `up` ask of it, unless they ask for something else. */
export const OPTIONS: UpOptions = {
  authKey: "tskey-auth-kX-Y",
  loginServer: undefined,
  tag: "tag:tailmox",
  version: "0.1.0",
  clusterName: "tailmox",
  create: true,
  join: undefined,
  without: [],
  waitMs: 0,
  passwords: parsePasswords(""),
  yes: true,
  dryRun: true,
  joinTimeoutMs: 1_000,
  loginTimeoutMs: 1_000,
  web: undefined,
  staging: false,
  acceptRisks: [],
  peerWaitMs: 0,
};

const silent = { doing: () => {}, ok: () => {}, absent: () => {}, warn: () => {}, pause: () => {} };

/** Says nothing to anybody. */
export const silentTalk: Talk = {
  phase: () => silent,
  step: () => silent,
  note: () => {},
  visit: () => {},
  plan: () => {},
};
