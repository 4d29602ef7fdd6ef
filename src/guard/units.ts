import { ARMED_FILE, BOOT_TIMER, GUARD_SERVICE, GUARD_TIMER } from "./places.ts";

/** How long the host has after a boot to become a quorate member by itself. */
export const AFTER_BOOT_S = 120;

/** How long the guard waits beyond the time that the join itself has. */
export const AFTER_TIMEOUT_S = 60;

/**
 * The guard's units, by name. Two timers, because systemd fires an OnBootSec that is past at once, and
 * OnActiveSec begins anew after a boot (systemd.timer(5)). Nothing here waits for the network.
 */
export function guardUnits(program: readonly string[], joinTimeoutS: number): ReadonlyMap<string, string> {
  const service = `# Written by tailmox; it goes when the join has succeeded or was undone.
[Unit]
Description=Puts this host back if its join to a cluster did not succeed (tailmox)
ConditionPathExists=${ARMED_FILE}
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=${[...program, "guard", "restore"].join(" ")}
Environment=HOME=/root LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
TimeoutStartSec=300
Restart=on-failure
RestartSec=20
`;
  return new Map([
    [GUARD_SERVICE, service],
    [GUARD_TIMER, timer("after arming", `OnActiveSec=${joinTimeoutS + AFTER_TIMEOUT_S}`)],
    [
      BOOT_TIMER,
      `${timer("after a boot", `OnBootSec=${AFTER_BOOT_S}`)}
[Install]
WantedBy=timers.target
`,
    ],
  ]);
}

function timer(when: string, trigger: string): string {
  return `# Written by tailmox.
[Unit]
Description=The guard of a join, ${when} (tailmox)

[Timer]
${trigger}
AccuracySec=1s
Unit=${GUARD_SERVICE}
`;
}
