/** A test file that tells one of `up`'s stories on a lab, and the sources that it is about. */
export interface Story {
  /** From the root of the project. */
  readonly file: string;
  /** Files and folders: when one of them changes, the story has to be told anew. */
  readonly about: readonly string[];
}

const RULES = ["src/cluster/decide.ts", "src/cluster/plan.ts", "src/cluster/verdicts.ts"] as const;
const JOIN = ["src/steps/join-cluster.ts", "src/steps/undo-join.ts", "src/steps/half-joined.ts"] as const;

/** All that `npm run proof -- up` runs. What is under test/ runs with every `npm test` besides. */
export const STORIES: readonly Story[] = [
  { file: "test/e2e/up.test.ts", about: [...RULES, ...JOIN, "src/up/up.ts", "src/steps/create-cluster.ts"] },
  { file: "test/e2e/join-guard.test.ts", about: [...JOIN, "src/guard", "src/steps/arm-guard.ts"] },
  {
    file: "test/e2e/web.test.ts",
    about: ["src/up/web.ts", "src/up/web-choice.ts", "src/tailnet/serve.ts", "src/steps/log-in.ts"],
  },
];
