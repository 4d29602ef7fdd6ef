// Package locks decides when a cluster lock (a directory below priv/lock) may be taken away from a holder
// that is gone: when nobody renewed it for 120 s.
package locks

import (
	"sync"
	"time"

	"tailmox.lab/pve/pmxcfs/tree"
)

// Timeout of a cluster lock that nobody renews.
const Timeout = 120 * time.Second

// Table remembers since when each lock has been as it is. Safe for concurrent use.
type Table struct {
	mu   sync.Mutex
	seen map[string]sighting
	now  func() time.Time
}

type sighting struct {
	version uint64
	at      time.Time
}

// New makes an empty table; now is the clock.
func New(now func() time.Time) *Table {
	return &Table{seen: map[string]sighting{}, now: now}
}

// Changed notes that a lock was taken, renewed or given back; nil: everything may have changed.
func (t *Table) Changed(paths []string, version func(path string) uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if paths == nil {
		clear(t.seen)
	}
	for _, path := range paths {
		if !tree.IsLock(path) {
			continue
		}
		if current := version(path); current != 0 {
			t.seen[path] = sighting{current, t.now()}
		} else {
			delete(t.seen, path)
		}
	}
}

// Expired tells whether the lock of this version has stood unchanged for the timeout, as far as this host
// has seen. A lock that it never saw change counts from the first question.
func (t *Table) Expired(path string, version uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen, ok := t.seen[path]
	if !ok || seen.version != version {
		t.seen[path] = sighting{version, t.now()}
		return false
	}
	return t.now().Sub(seen.at) >= Timeout
}
