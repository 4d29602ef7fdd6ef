package locks

import (
	"testing"
	"time"
)

func TestLockExpiresTwoMinutesAfterItsLastChange(t *testing.T) {
	now := time.Unix(1000, 0)
	table := New(func() time.Time { return now })
	version := uint64(5)
	current := func(string) uint64 { return version }
	const path = "priv/lock/file-corosync_conf"
	expired := func(after time.Duration, want bool) {
		t.Helper()
		now = now.Add(after)
		if got := table.Expired(path, version); got != want {
			t.Fatalf("expired: %v", got)
		}
	}
	table.Changed([]string{path}, current)
	expired(119*time.Second, false)
	version = 6
	table.Changed([]string{path}, current) // Renewed.
	expired(119*time.Second, false)
	expired(time.Second, true)
	table.Changed(nil, current) // The leader's state took everything's place.
	expired(time.Hour, false)
	expired(120*time.Second, true)
}
