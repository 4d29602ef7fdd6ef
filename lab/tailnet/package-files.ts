/** /etc/default/tailscaled (tailscale.md 7). */
export const DEFAULTS = `# UDP port for tailnet traffic; 0 takes any.
PORT="41641"

# More flags for tailscaled.
FLAGS=""
`;

/** tailscaled.service: ready by notification, started again when it fails, cleaned up after (6.4, 7). */
export const SERVICE = `[Unit]
Description=Tailscale node agent
Documentation=https://tailscale.com/docs/
Wants=network-pre.target
After=network-pre.target NetworkManager.service systemd-resolved.service

[Service]
Type=notify
EnvironmentFile=/etc/default/tailscaled
ExecStart=/usr/sbin/tailscaled --state=/var/lib/tailscale/tailscaled.state --socket=/run/tailscale/tailscaled.sock --port=\${PORT} $FLAGS
ExecStopPost=/usr/sbin/tailscaled --cleanup
Restart=on-failure
RuntimeDirectory=tailscale
RuntimeDirectoryMode=0755
StateDirectory=tailscale
StateDirectoryMode=0700
CacheDirectory=tailscale
CacheDirectoryMode=0750

[Install]
WantedBy=multi-user.target
`;

/** tailscale-online.target, for units that need an address; versions from 1.96 (1.2). */
export const ONLINE_TARGET = `[Unit]
Description=Tailscale is online
Requires=tailscale-wait-online.service
After=tailscale-wait-online.service
`;

/** tailscale-wait-online.service: waits without a limit (6.4). */
export const WAIT_ONLINE = `[Unit]
Description=Wait for Tailscale to be online
Requires=tailscaled.service
After=tailscaled.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/tailscale wait

[Install]
WantedBy=tailscale-online.target
`;

/** Enables on first install, keeps an administrator's choice later, and restarts on upgrade. */
export const POSTINST = `#!/bin/sh
set -e
unit=tailscaled.service
case "$1" in
configure | abort-upgrade | abort-deconfigure | abort-remove)
    deb-systemd-helper unmask $unit >/dev/null || true
    if deb-systemd-helper --quiet was-enabled $unit; then
        deb-systemd-helper enable $unit >/dev/null || true
    else
        deb-systemd-helper update-state $unit >/dev/null || true
    fi
    if [ -d /run/systemd/system ]; then
        systemctl --system daemon-reload >/dev/null || true
        deb-systemd-invoke restart $unit >/dev/null || true
    fi
    ;;
esac
`;

/** Removal stops the service; an upgrade leaves it running until postinst restarts it. */
export const PRERM = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    deb-systemd-invoke stop tailscaled.service >/dev/null || true
fi
`;

/** Removal keeps the identity, purge deletes it (tailscale.md 7). */
export const POSTRM = `#!/bin/sh
set -e
unit=tailscaled.service
if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
fi
if [ -x /usr/bin/deb-systemd-helper ]; then
    case "$1" in
    remove)
        deb-systemd-helper mask $unit >/dev/null || true
        ;;
    purge)
        deb-systemd-helper purge $unit >/dev/null || true
        deb-systemd-helper unmask $unit >/dev/null || true
        ;;
    esac
fi
if [ "$1" = purge ]; then
    rm -rf /var/lib/tailscale
fi
`;
