import { run } from "../../../src/host/run.ts";

/** Tells systemd that this service listens now, so that `systemctl restart` returns no earlier. */
export async function notifyReady(): Promise<void> {
  if (process.env.NOTIFY_SOCKET) await run(["systemd-notify", "--ready"], { timeoutMs: 10_000 });
}
