import type { Writer } from "../host/host.ts";
import { ARMED_FILE, BOOT_TIMER, GUARD_DIR, GUARD_SERVICE, GUARD_TIMER, UNIT_DIR } from "./places.ts";

/** Takes the guard away; the copies stay. Idempotent, and safe from within the guard's own service. */
export async function disarmGuard(writer: Writer): Promise<void> {
  // First: from here on its service does nothing, whatever comes of the rest.
  await writer.remove(ARMED_FILE);
  await writer.run(["systemctl", "stop", GUARD_TIMER], { timeoutMs: 30_000 });
  await writer.run(["systemctl", "disable", "--now", BOOT_TIMER], { timeoutMs: 30_000 });
  for (const unit of [GUARD_SERVICE, GUARD_TIMER, BOOT_TIMER]) await writer.remove(`${UNIT_DIR}/${unit}`);
  await writer.run(["systemctl", "daemon-reload"], { timeoutMs: 60_000 });
  await writer.run(["rm", "-rf", "--", GUARD_DIR]);
  await writer.run(["sync", "--file-system", UNIT_DIR], { timeoutMs: 60_000 });
}
