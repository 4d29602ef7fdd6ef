import { UserError } from "../../src/errors.ts";
import { cutRole, heal } from "../fabric/relay-control.ts";
import { hostExec } from "../machines/exec.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import type { Progress } from "../progress.ts";

/** Cuts the last host off, shows that it loses quorum and the others keep it, and lets it come back. */
export async function cutAndReturn(plan: LabPlan, { step, note }: Progress): Promise<void> {
  const cut = plan.hosts.at(-1);
  const others = plan.hosts.slice(0, -1);
  if (!cut) return;
  await step(`cutting ${cut.name} off: it loses quorum`, "usually 25 s", async () => {
    await cutRole(plan, cut.wan ? cut.name : `router-${cut.site}`);
    await waitForVotes(plan, [cut], { quorate: false, votes: 1 });
  });
  await step(`${others.map((host) => host.name).join(" and ")} stay quorate`, "usually 1 s", () =>
    waitForVotes(plan, others, { quorate: true, votes: others.length }),
  );
  const { stderr } = await hostExec(plan, cut, ["touch", "/etc/pve/demo-cut"], { timeoutMs: 60_000 });
  note(`a write to /etc/pve on ${cut.name} now: ${stderr.trim().split(": ").at(-1) ?? "accepted"}`);
  await step(`${cut.name} healed: all are quorate again`, "usually 15 s", async () => {
    await heal(plan);
    await waitForVotes(plan, plan.hosts, { quorate: true, votes: plan.hosts.length });
  });
}

/** Waits until corosync on each of the hosts says so; 90 s at most. */
export async function waitForVotes(
  plan: LabPlan,
  hosts: readonly HostPlan[],
  wanted: { quorate: boolean; votes: number },
): Promise<void> {
  const deadline = Date.now() + 90_000;
  await Promise.all(
    hosts.map(async (host) => {
      for (;;) {
        const { stdout } = await hostExec(plan, host, ["corosync-quorumtool", "-s"], { timeoutMs: 10_000 });
        const quorate = /^Quorate:\s+Yes/m.test(stdout);
        const votes = Number(/^Total votes:\s+(\d+)/m.exec(stdout)?.[1]);
        if (quorate === wanted.quorate && votes === wanted.votes) return;
        if (Date.now() > deadline) throw neverCame(plan, host, stdout);
        await Bun.sleep(250);
      }
    }),
  );
}

function neverCame(plan: LabPlan, host: HostPlan, said: string): UserError {
  return new UserError("E_COMMAND_FAILED", `${host.name} did not reach the expected votes in 90 s`, {
    likely: said.trim().split("\n").slice(-12).join("\n") || "corosync does not run",
    mend: `npm run lab -- --name ${plan.name} exec ${host.name} -- journalctl -u corosync -n 50`,
  });
}
