/** The guard's own folder; it goes when the guard goes. */
export const GUARD_DIR = "/var/lib/tailmox/guard";

/** What the guard guards. Written last when it is armed: without this file its service does nothing. */
export const ARMED_FILE = `${GUARD_DIR}/armed.json`;

/** What the guard did, for the next run to tell; it stays when the guard goes. */
export const REPORT_FILE = "/var/lib/tailmox/guard-report.json";

/** Copies of what a join replaces; one folder for each join, never pruned. */
export const BACKUPS = "/var/lib/tailmox/backups";

/** Restores the host, or finds that there is nothing to restore. systemd runs it once at a time. */
export const GUARD_SERVICE = "tailmox-guard.service";

/** Fires some time after arming; a reboot forgets it. */
export const GUARD_TIMER = "tailmox-guard.timer";

/** Fires some time after the next boot; it is not started when it is armed. */
export const BOOT_TIMER = "tailmox-guard-boot.timer";

/** Where units survive a power cut. */
export const UNIT_DIR = "/etc/systemd/system";
