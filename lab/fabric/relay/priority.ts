import { constants, setPriority } from "node:os";

/**
 * Puts this process before all ordinary ones: a wire does not wait for a busy host. Real-time scheduling
 * (round robin, of all threads: those of the garbage collector are waited for) where the machine permits it,
 * else a high priority, else nothing, and says what it got.
 */
export function takePrecedence(): string {
  try {
    const { exitCode, stderr } = Bun.spawnSync([
      ...["chrt", "--rr", "--all-tasks", "--pid", "1"],
      `${process.pid}`,
    ]);
    if (exitCode === 0) return "runs in real time";
    setPriority(constants.priority.PRIORITY_HIGH);
    return `runs at high priority: ${stderr.toString().trim()}`;
  } catch (error) {
    return `runs at normal priority, and late when this machine is busy: ${error}`;
  }
}
