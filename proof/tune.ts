import { projectDir } from "../lab/paths.ts";
import { run } from "../src/host/run.ts";
import type { Proof } from "./run.ts";

const proof: Proof = {
  summary: "tune while all links are cut, a member loses its power, the tuning host loses its power",
  async prove(say) {
    const argv = [process.execPath, "test", "--timeout", "400000", "./proof/tune.test.ts"] as const;
    const result = await run(argv, { cwd: projectDir, timeoutMs: 30 * 60_000 });
    const cases = [...result.stderr.matchAll(/^\((pass|fail|skip)\) (.+?)(?: \[([\d.]+)ms\])?$/gm)].map(
      ([, verdict, title, ms]) => ({ title, verdict, seconds: Math.round(Number(ms ?? 0) / 1000) }),
    );
    for (const { title, verdict, seconds } of cases) say(`${verdict}  ${title}  ${seconds} s`);
    const whole = cases.length > 0 && cases.every(({ verdict }) => verdict === "pass");
    if (result.exitCode !== 0 || !whole) throw new Error(result.stderr.slice(-4_000));
    return { cases };
  },
};

export default proof;
