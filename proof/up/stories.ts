/** A test file that tells one of `up`'s stories on a lab, and the sources that it is about. */
export interface Story {
  /** From the root of the project. */
  readonly file: string;
  /** Files and folders: when one of them changes, the story has to be told anew. */
  readonly about: readonly string[];
}

const RULES = [
  "src/cluster/decide.ts",
  "src/cluster/join-or-refuse.ts",
  "src/cluster/elect-founder.ts",
] as const;
const JOIN = ["src/steps/join-cluster.ts", "src/steps/undo-join.ts", "src/steps/half-joined.ts"] as const;
const CREATE = [
  "src/steps/create-cluster.ts",
  "src/steps/founders-key.ts",
  "src/steps/founders-timers.ts",
] as const;

/** All that `npm run proof -- up` runs. Of what is under test/, `npm test` runs a sample besides. */
export const STORIES: readonly Story[] = [
  { file: "test/e2e/up.test.ts", about: ["src/up/up.ts", ...CREATE, ...JOIN] },
  { file: "test/e2e/join-guard.test.ts", about: ["src/guard", "src/steps/arm-guard.ts", ...JOIN] },
  {
    file: "test/e2e/web.test.ts",
    about: ["src/up/web.ts", "src/up/web-choice.ts", "src/steps/log-in.ts", "test/e2e/web"],
  },
  {
    file: "test/e2e/one-cluster.test.ts",
    about: ["src/steps/dissolve-cluster.ts", "src/steps/separate.ts", ...RULES],
  },
  {
    file: "test/e2e/preflight.test.ts",
    about: ["src/up/preflight", "src/up/prove-udp.ts", "src/up/keep-way-in.ts"],
  },
  { file: "test/e2e/rendezvous.test.ts", about: ["src/rendezvous", "src/up/presence.ts"] },
  { file: "test/e2e/attach.test.ts", about: ["src/cli/commands/attach.ts", "src/cli/change-here.ts"] },
  { file: "test/e2e/testbed.test.ts", about: ["src/testbed"] },
  { file: "proof/up/strikes-create.test.ts", about: ["proof/up/strike.ts", ...CREATE] },
  {
    file: "proof/up/strikes-join.test.ts",
    about: [
      "proof/up/strike.ts",
      "src/guard",
      "src/up/guard-news.ts",
      "src/steps/names-everywhere.ts",
      "src/proxmox/join-lock.ts",
      ...JOIN,
    ],
  },
  { file: "proof/up/strikes-member.test.ts", about: ["src/guard", "src/proxmox/join-lock.ts", ...JOIN] },
  { file: "proof/up/refusals.test.ts", about: ["src/host/gate.ts", "src/host/reading.ts", ...RULES] },
  {
    file: "proof/up/foreign-clusters.test.ts",
    about: [
      "src/up/join-refusal.ts",
      "src/up/contact.ts",
      "src/cluster/corosync-conf.ts",
      "src/proxmox/place.ts",
      ...RULES,
    ],
  },
  { file: "proof/up/admit-cut-short.test.ts", about: ["src/admit", "src/up/await-admission.ts"] },
  {
    file: "proof/up/dissolve-cut-short.test.ts",
    about: ["src/steps/dissolve-cluster.ts", "src/steps/separate.ts", "src/up/unfinished.ts"],
  },
  {
    file: "proof/up/rootfs.test.ts",
    about: ["src/proxmox/own-node.ts", "src/up/own-host.ts", "src/admit/admit.ts"],
  },
  {
    file: "proof/up/red-forecast.test.ts",
    about: ["src/up/join-forecast.ts", "src/cluster/join-forecast.ts", "src/cluster/forecast-verdict.ts"],
  },
  {
    file: "proof/up/retune-offer.test.ts",
    about: ["src/cli/offer-tune.ts", "src/cli/tune-run.ts", "src/cli/ask.ts"],
  },
  {
    file: "proof/up/crowd.test.ts",
    about: [
      "src/up/contact.ts",
      "src/up/look-again.ts",
      "src/up/await-others.ts",
      "src/up/await-admission.ts",
      "src/cluster/awaited.ts",
    ],
  },
  {
    file: "proof/up/ways.test.ts",
    about: [
      "src/up/peers.ts",
      "src/up/ask-peers.ts",
      "src/up/contact.ts",
      "src/up/passwords.ts",
      "src/host/askpass.ts",
    ],
  },
  { file: "proof/up/network.test.ts", about: ["src/up/preflight", "src/tailnet/ping.ts"] },
  {
    file: "proof/up/ring.test.ts",
    about: [
      "src/up/join-outlook.ts",
      "src/up/join-links.ts",
      "src/cluster/ring-place.ts",
      "src/cluster/node-ids.ts",
    ],
  },
];
