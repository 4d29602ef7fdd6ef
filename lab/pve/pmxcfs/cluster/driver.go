package cluster

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tailmox.lab/pve/pmxcfs/corosync"
	"tailmox.lab/pve/pmxcfs/journal"
	"tailmox.lab/pve/pmxcfs/retry"
	"tailmox.lab/pve/pmxcfs/tree"
)

// Group is the name of the process group, as in the real program.
const Group = "pve_dcdb_v1"

// answerTimeout bounds the wait for a change, so that no caller hangs for ever when the membership never
// settles. It is longer than any membership change that does (corosync.md 1: 2.2 x token + 15 x rotation).
const answerTimeout = 120 * time.Second

// stallTimeout is how long a sync round may stand still before it is started again.
const stallTimeout = 20 * time.Second

// Status is the part of the members' state that is no file: addresses, load, log.
type Status interface {
	// Joined tells the nodes of a new membership and gives what this host has to tell all of them.
	Joined(nodes []uint32) [][]byte
	// Receive takes what another member, or this one, told.
	Receive(payload []byte)
	// SetReady tells whether the files are the cluster's.
	SetReady(ready bool)
}

// Driver connects the machine to corosync, again and again until its context ends.
type Driver struct {
	content Content
	status  Status
	log     *journal.Journal
	// unlock decides about a cluster lock; fatal ends the program when the disk fails.
	unlock func(path string)
	fatal  func(error)

	mu   sync.Mutex
	jobs []func(*session)
	wake int
	// ready mirrors Machine.Ready for the callers' threads.
	ready atomic.Bool
}

// NewDriver makes a driver; Run starts it.
func NewDriver(content Content, status Status, log *journal.Journal, unlock func(string), fatal func(error)) (*Driver, error) {
	wake, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return &Driver{content: content, status: status, log: log, unlock: unlock, fatal: fatal, wake: wake}, nil
}

// Do makes a change on all members and waits for its outcome. EPERM: quorum was lost while it was in
// flight. EIO: no outcome in time; it may still be made.
func (d *Driver) Do(op tree.Op) syscall.Errno {
	if !d.ready.Load() {
		return syscall.EACCES
	}
	result := make(chan syscall.Errno, 1)
	d.enqueue(func(s *session) { s.machine.Submit(op, result) })
	select {
	case errno := <-result:
		return errno
	case <-time.After(answerTimeout):
		return syscall.EIO
	}
}

// Post makes a change on all members without waiting for its outcome.
func (d *Driver) Post(op tree.Op) {
	d.enqueue(func(s *session) { s.machine.Submit(op, make(chan syscall.Errno, 1)) })
}

// RequestUnlock passes a request for a cluster lock to the member that decides.
func (d *Driver) RequestUnlock(path string) {
	d.enqueue(func(s *session) { s.machine.RequestUnlock(path) })
}

// Broadcast tells all members something about this one. Nobody hears it while this host is in no group.
func (d *Driver) Broadcast(payload []byte) {
	d.enqueue(func(s *session) { s.Send(append([]byte{kindStatus}, payload...)) })
}

// Run is the cluster's thread. It returns when ctx ends.
func (d *Driver) Run(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { d.enqueue(func(*session) {}) })()
	retry.EachSecond(ctx, func(ctx context.Context) error {
		s := &session{driver: d}
		err := s.run(ctx)
		d.setReady(false)
		s.end()
		return err
	}, func(err error) { d.log.Critical("dcdb", "%s", err) })
}

func (d *Driver) enqueue(job func(*session)) {
	d.mu.Lock()
	d.jobs = append(d.jobs, job)
	d.mu.Unlock()
	_, err := unix.Write(d.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	if err != nil && !errors.Is(err, unix.EAGAIN) {
		d.fatal(err)
	}
}

func (d *Driver) takeJobs() []func(*session) {
	var count [8]byte
	_, _ = unix.Read(d.wake, count[:]) // EAGAIN when nobody woke us.
	d.mu.Lock()
	defer d.mu.Unlock()
	jobs := d.jobs
	d.jobs = nil
	return jobs
}

func (d *Driver) setReady(ready bool) {
	if d.ready.Swap(ready) != ready {
		d.status.SetReady(ready)
	}
}

// random names a sync round; 0 is kept for "none".
func random() uint64 { return rand.Uint64() | 1 }

func ownProcess() uint32 { return uint32(os.Getpid()) }

var _ Outside = (*session)(nil)
var _ corosync.Events = (*session)(nil)
