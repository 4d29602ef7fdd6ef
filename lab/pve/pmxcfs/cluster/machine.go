// Package cluster keeps the members' files equal: a replicated state machine over corosync's closed process
// groups. Every change is one message; all members get all messages in one order and apply them in it.
package cluster

import (
	"cmp"
	"slices"
	"syscall"

	"tailmox.lab/pve/pmxcfs/database"
	"tailmox.lab/pve/pmxcfs/tree"
)

// Member is one pmxcfs process in the group.
type Member struct {
	Node    uint32 `cbor:"1,keyasint"`
	Process uint32 `cbor:"2,keyasint"`
}

// Content is the local copy that the machine changes.
type Content interface {
	Summary() database.Summary
	Apply(op tree.Op, writer uint32) syscall.Errno
	SetLineage(lineage uint32)
	Commit() error
	Dump() ([]byte, error)
	Install(dump []byte, lineage uint32) error
}

// Outside is what the machine needs of the world.
type Outside interface {
	// Send queues a message to all members, this one included.
	Send(payload []byte)
	// Quorate asks corosync now, not what it told last.
	Quorate() bool
	// UnlockRequested is called on the member that decides about cluster locks.
	UnlockRequested(path string)
	Notice(format string, args ...any)
}

// Machine is the rule of replication, free of I/O: it hears of messages and memberships in the order in
// which corosync delivers them. For one goroutine.
type Machine struct {
	self    Member
	content Content
	outside Outside
	random  func() uint64

	members []Member
	mode    mode
	ring    uint64
	sync    round
	// done is the last completed round, doneQuorate what was agreed in it.
	done        uint64
	doneQuorate bool

	// queue holds changes delivered during a sync, in order.
	queue   []delivered
	calls   map[uint64]*call
	lastID  uint64
	answers []answer
}

type mode int

const (
	away mode = iota // not a member of the group
	syncing
	uptodate
)

type delivered struct {
	from    Member
	message mutation
}

// call is a change that somebody waits for.
type call struct {
	op     tree.Op
	result chan<- syscall.Errno
}

type answer struct {
	result chan<- syscall.Errno
	errno  syscall.Errno
}

// NewMachine makes a machine that is in no group yet. random gives names to sync rounds.
func NewMachine(self Member, content Content, outside Outside, random func() uint64) *Machine {
	return &Machine{self: self, content: content, outside: outside, random: random, calls: map[uint64]*call{}}
}

// Ready tells whether the files are the cluster's: a first sync is complete.
func (m *Machine) Ready() bool { return m.mode != away && m.done != 0 }

// Submit sends a change. result (with room for one) gets its outcome, in a Flush after its delivery.
func (m *Machine) Submit(op tree.Op, result chan<- syscall.Errno) {
	if m.mode == away {
		m.answers = append(m.answers, answer{result, syscall.EACCES})
		return
	}
	m.lastID++
	m.calls[m.lastID] = &call{op: op, result: result}
	m.send(m.lastID, op)
}

// RequestUnlock asks the member that decides about locks to look at one.
func (m *Machine) RequestUnlock(path string) {
	m.outside.Send(encode(kindUnlockRequest, unlockRequest{Path: path}))
}

// Ring tells the number of the ring that is forming; it only grows.
func (m *Machine) Ring(sequence uint64) { m.ring = max(m.ring, sequence) }

// Configure tells the new membership, after the last message of the old one and before the first of the new.
func (m *Machine) Configure(members []Member) {
	if !slices.Contains(members, m.self) {
		m.Lost()
		return
	}
	m.members = slices.SortedFunc(slices.Values(members), func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Process, b.Process))
	})
	m.mode = syncing
	m.sync = round{}
	// What lies in the queue was delivered to the old membership alone: its senders ask again.
	for _, waiting := range m.queue {
		if waiting.from == m.self {
			if call, ok := m.calls[waiting.message.ID]; ok {
				m.send(waiting.message.ID, call.op)
			}
		}
	}
	m.queue = nil
	m.startRound()
}

// Lost tells that corosync is gone: nobody knows what becomes of changes in flight.
func (m *Machine) Lost() {
	m.mode = away
	m.members, m.queue = nil, nil
	m.sync, m.done = round{}, 0
	for id := range m.calls {
		m.answer(id, syscall.EPERM)
	}
}

// Deliver takes one message. Messages of strangers and of other rounds are dropped.
func (m *Machine) Deliver(from Member, payload []byte) error {
	if m.mode == away || len(payload) == 0 {
		return nil
	}
	switch payload[0] {
	case kindMutation:
		return deliver(payload, func(message mutation) error {
			if m.mode == syncing {
				m.queue = append(m.queue, delivered{from, message})
			} else {
				m.apply(from, message)
			}
			return nil
		})
	case kindUnlockRequest:
		return deliver(payload, func(message unlockRequest) error {
			if m.members[0] == m.self {
				m.outside.UnlockRequested(message.Path)
			}
			return nil
		})
	case kindSyncStart:
		return deliver(payload, func(message syncStart) error { return m.onSyncStart(from, message) })
	case kindState:
		return deliver(payload, func(message state) error { return m.onState(from, message) })
	case kindChunk:
		return deliver(payload, func(message chunk) error { return m.onChunk(from, message) })
	case kindSynced:
		return deliver(payload, func(message synced) error { return m.onSynced(from, message) })
	}
	return nil
}

// Flush writes what was applied to disk, and only then answers its callers.
func (m *Machine) Flush() error {
	if err := m.content.Commit(); err != nil {
		return err
	}
	for _, answer := range m.answers {
		answer.result <- answer.errno
	}
	m.answers = nil
	return nil
}

func deliver[T any](payload []byte, handle func(T) error) error {
	message, err := decode[T](payload)
	if err != nil {
		return err
	}
	return handle(message)
}

func (m *Machine) send(id uint64, op tree.Op) {
	m.outside.Send(encode(kindMutation, mutation{ID: id, Round: m.done, Op: op}))
}

// apply makes a change, or refuses it: one that was in flight when quorum was lost must not happen. The
// sender looked at quorum when it sent; a change of this very round stands by that.
func (m *Machine) apply(from Member, message mutation) {
	errno := syscall.EPERM
	if m.doneQuorate || message.Round == m.done {
		errno = m.content.Apply(message.Op, from.Node)
		if !m.doneQuorate {
			m.content.SetLineage(0)
		}
	}
	if from == m.self {
		m.answer(message.ID, errno)
	}
}

func (m *Machine) answer(id uint64, errno syscall.Errno) {
	if call, ok := m.calls[id]; ok {
		delete(m.calls, id)
		m.answers = append(m.answers, answer{call.result, errno})
	}
}
