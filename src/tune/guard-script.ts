/** What one member's guard needs to know. */
export interface GuardSpec {
  /** Of this tuning: 16 hex digits. */
  readonly id: string;
  /** Its place among the members, from 0: the first one to act for all when several could. */
  readonly rank: number;
  /** Seconds after which the old settings come back unless confirmed. */
  readonly withinS: number;
}

export const GUARD_UNIT = "tailmox-tune.service";
/** The confirmation, and what an undo needs: one replicated file, so that all members see it or none. */
export const TUNE_RECORD = "/etc/pve/tailmox-tune.json";
export const MASTER_CONF = "/etc/pve/corosync.conf";
export const LOCAL_CONF = "/etc/corosync/corosync.conf";

export function guardFolder({ id }: Pick<GuardSpec, "id">): string {
  return `/var/lib/tailmox/tune/${id}`;
}

/** Starts at boot too: a power cut in the middle must not leave a member with half a change. */
export function guardUnit(spec: GuardSpec): string {
  return `# Written by tailmox tune.
[Unit]
Description=tailmox: takes corosync settings back unless they are confirmed

[Service]
ExecStart=/bin/sh ${guardFolder(spec)}/guard.sh
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
`;
}

/**
 * The guard itself, in sh: members need not have tailmox. Beside it lie old.conf, new.conf and back.conf (the old
 * settings with the highest config_version, so that no member can overrule them).
 * - confirmed (the record in /etc/pve has this id): it leaves; if it had taken back alone, it follows the others first (a member that was away sees it when it is back)
 * - no quorum for 20 s: back.conf into /etc/corosync, corosync restarted; with quorum again, into /etc/pve for all
 * - time over and not confirmed, or the host was rebooted meanwhile: back.conf into /etc/pve, which all reload
 * A file that is none of the three is somebody else's work and is left alone.
 */
export function guardScript(spec: GuardSpec): string {
  const { id, rank, withinS } = spec;
  return `#!/bin/sh
# Written by tailmox tune. Takes corosync's old settings back unless the new ones are confirmed.
id=${id} rank=${rank} within=${withinS} patience=20
dir=${guardFolder(spec)}
pve=${MASTER_CONF}
own=${LOCAL_CONF}
record=${TUNE_RECORD}
unit=${GUARD_UNIT}
${GUARD_BODY}`;
}

const GUARD_BODY = String.raw`
seconds() { cut -d. -f1 /proc/uptime; }
quorate() { timeout 5 corosync-quorumtool -s >/dev/null 2>&1; }
same() { timeout 5 cmp -s "$1" "$2"; }
none_of_ours() {
  [ -s "$pve" ] || return 1
  for conf in old new back; do ! same "$pve" "$dir/$conf.conf" || return 1; done
}
confirmed() { timeout 5 grep -q "\"id\": \"$id\"" "$record" 2>/dev/null; }
# A change of /etc/pve that all agreed to: what is read after it is what all have, and not what this host last knew.
agreed() {
  timeout -k 1 30 cp "$dir/id" "$pve.tailmox-$rank" && timeout -k 1 30 rm -f "$pve.tailmox-$rank"
}
leave() {
  echo "$1"
  systemctl disable --quiet "$unit"
  rm -f "/etc/systemd/system/$unit"
  exit 0
}
# Puts a file where corosync reads it, whole or not at all, and starts corosync with it.
put() {
  cp "$1" "$own.tailmox" && sync "$own.tailmox" && mv -f "$own.tailmox" "$own" && sync -f "$own"
  systemctl reset-failed corosync
  timeout 60 systemctl restart corosync
}
# Gives the old settings to all members. The file written first serves as agreed() does: a confirmation that came
# meanwhile is seen.
publish() {
  [ -n "$wanted" ] || wanted=$now
  [ $((now - wanted)) -ge $((rank * 5)) ] || return 0
  timeout -k 1 30 cp "$dir/back.conf" "$pve.tailmox-$rank" || return 0
  if confirmed || ! same "$pve" "$dir/new.conf"; then
    timeout -k 1 10 rm -f "$pve.tailmox-$rank"
    return 0
  fi
  echo "not confirmed: the old settings go to all members"
  timeout -k 1 30 mv -f -T "$pve.tailmox-$rank" "$pve"
  # Up to corosync 3.1.10 timers that follow from the token lag one reload.
  sleep 4
  timeout 10 corosync-cfgtool -R
}

boot=$(cat /proc/sys/kernel/random/boot_id)
if [ ! -s "$dir/armed" ]; then
  echo "$boot $(seconds)" >"$dir/armed.new" && mv "$dir/armed.new" "$dir/armed" && sync "$dir/armed"
fi
read -r armed_boot armed_at <"$dir/armed"
wanted='' lost=''

while :; do
  now=$(seconds)
  over=''
  if [ "$armed_boot" != "$boot" ] || [ $((now - armed_at)) -ge "$within" ]; then over=yes; fi
  if quorate; then
    lost=''
    if confirmed; then
      if same "$pve" "$dir/new.conf" && same "$own" "$dir/back.conf"; then
        echo "confirmed by the others: following them"
        put "$pve"
      fi
      leave "confirmed"
    elif same "$pve" "$dir/back.conf"; then
      if same "$own" "$dir/back.conf"; then leave "the old settings are back"; fi
    elif same "$pve" "$dir/new.conf"; then
      if [ -n "$over" ] || [ -e "$dir/alone" ]; then publish; fi
    elif same "$pve" "$dir/old.conf"; then
      if [ -e "$dir/alone" ] && agreed && same "$pve" "$dir/old.conf"; then
        echo "only this member had taken the settings back, and nothing had changed: following the others"
        put "$pve"
        leave "nothing was changed"
      fi
      if [ -n "$over" ] && [ ! -e "$dir/alone" ]; then leave "nothing was changed"; fi
    elif [ -n "$over" ] && agreed && none_of_ours; then
      leave "somebody else has changed corosync.conf since: left alone"
    fi
  else
    [ -n "$lost" ] || lost=$now
    hard=''
    if [ $((now - lost)) -ge $patience ]; then hard=yes; fi
  fi
  # With quorum coming and going, publishing may never succeed.
  if [ -n "$over" ] && [ "$armed_boot" = "$boot" ] && [ $((now - armed_at)) -ge $((within + 90)) ]; then hard=yes; fi
  if [ -n "$hard" ]; then
    hard='' lost=$now
    if same "$own" "$dir/back.conf"; then
      systemctl is-active --quiet corosync || put "$dir/back.conf"
    elif same "$own" "$dir/new.conf" || same "$own" "$dir/old.conf"; then
      echo "no quorum: the old settings come back on this host"
      : >"$dir/alone"
      put "$dir/back.conf"
    fi
  fi
  sleep 2
done
`;
