import { z } from "zod";
import { eventually, type TestHost } from "../hosts.ts";
import { api, apiUrl, type Session } from "./client.ts";

/** A task that root@pam started, by its id. */
export const upid = z
  .string()
  .regex(/^UPID:[a-z0-9]+:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:[a-z]+:[^:]*:root@pam:$/);

/** Waits for the end of a task, at most 30 s; gives its exit status. */
export async function untilTaskEnds(host: TestHost, of: Session, task: string): Promise<string> {
  const state = z.object({ status: z.string(), exitstatus: z.string().optional() });
  return await eventually(`${task} ends`, async () => {
    const answer = await api(host, apiUrl(`/nodes/${host.name}/tasks/${task}/status`), { session: of });
    const now = state.safeParse(answer.data).data;
    return now?.status === "stopped" ? (now.exitstatus ?? "") : undefined;
  });
}
