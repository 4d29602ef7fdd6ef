package status

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// LogEntry is one line of the cluster's log.
type LogEntry struct {
	UID      uint32 `cbor:"1,keyasint" json:"uid"`
	Time     int64  `cbor:"2,keyasint" json:"time"`
	Priority uint8  `cbor:"3,keyasint" json:"pri"`
	Tag      string `cbor:"4,keyasint" json:"tag"`
	PID      uint32 `cbor:"5,keyasint" json:"pid"`
	Node     string `cbor:"6,keyasint" json:"node"`
	User     string `cbor:"7,keyasint" json:"user"`
	Message  string `cbor:"8,keyasint" json:"msg"`
}

// maxLogEntries is what a member remembers, and tells one that joins in a single message. maxLogText bounds
// the texts of a line, so that such a message stays far below the size that corosync takes.
const (
	maxLogEntries = 200
	maxLogText    = 1024
)

// Log adds a line to the cluster's log; node, time and number are filled in.
func (b *Board) Log(entry LogEntry) {
	b.mu.Lock()
	b.lastUID++
	entry.UID, entry.Node, entry.Time = b.lastUID, b.node, time.Now().Unix()
	for _, text := range []*string{&entry.Tag, &entry.User, &entry.Message} {
		*text = strings.ToValidUTF8((*text)[:min(len(*text), maxLogText)], "")
	}
	b.mu.Unlock()
	b.tell(note{Node: b.node, Log: []LogEntry{entry}})
}

// mergeLog takes lines of others, newest first, each once.
func (b *Board) mergeLog(lines []LogEntry) {
	for _, line := range lines {
		if !slices.Contains(b.entries, line) {
			b.entries = append(b.entries, line)
		}
	}
	slices.SortStableFunc(b.entries, func(x, y LogEntry) int {
		return cmp.Or(cmp.Compare(y.Time, x.Time), cmp.Compare(x.Node, y.Node), cmp.Compare(y.UID, x.UID))
	})
	b.entries = b.entries[:min(len(b.entries), maxLogEntries)]
}
