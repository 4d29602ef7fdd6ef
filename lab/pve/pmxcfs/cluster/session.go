package cluster

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tailmox.lab/pve/pmxcfs/corosync"
)

// session is one connection to corosync, from joining the group to losing it.
type session struct {
	driver  *Driver
	group   *corosync.Group
	machine *Machine
	outbox  [][]byte
	// failure of a callback, which cannot return one.
	failure error
	// stalled and progress watch a sync round that stands still.
	stalled  time.Time
	progress int
}

func (s *session) run(ctx context.Context) error {
	group, err := corosync.Join(Group, s)
	if err != nil {
		return err
	}
	s.group = group
	node, err := group.LocalNode()
	if err != nil {
		return err
	}
	s.machine = NewMachine(Member{Node: node, Process: ownProcess()}, s.driver.content, s, random)
	s.stalled = time.Now()
	for ctx.Err() == nil {
		if err := s.turn(); err != nil {
			return err
		}
	}
	return nil
}

// turn takes what came from the callers and from corosync, writes it to disk, answers, and sends.
func (s *session) turn() error {
	pause := time.Second
	if len(s.outbox) > 0 {
		pause = retryPause
	}
	if err := s.group.Wait(pause, s.driver.wake); err != nil {
		return err
	}
	for _, job := range s.driver.takeJobs() {
		job(s)
	}
	if err := s.group.Dispatch(); err != nil {
		return err
	}
	if s.failure != nil {
		return s.failure
	}
	if err := s.machine.Flush(); err != nil {
		s.driver.fatal(err)
		return err
	}
	s.driver.setReady(s.machine.Ready())
	if time.Since(s.stalled) > stallTimeout {
		s.stalled = time.Now()
		s.progress = s.machine.Restart(s.progress)
	}
	return s.flushOutbox()
}

// retryPause is how soon to offer messages again that corosync did not take.
const retryPause = 5 * time.Millisecond

func (s *session) flushOutbox() error {
	for len(s.outbox) > 0 {
		err := s.group.Send(s.outbox[0])
		if err == corosync.ErrTryAgain {
			return nil
		}
		if err != nil {
			return err
		}
		s.outbox = s.outbox[1:]
	}
	return nil
}

// end answers everybody who still waits.
func (s *session) end() {
	if s.machine == nil {
		s.machine = NewMachine(Member{}, s.driver.content, s, random)
	}
	s.machine.Lost()
	for _, job := range s.driver.takeJobs() {
		job(s)
	}
	if err := s.machine.Flush(); err != nil {
		s.driver.fatal(err)
	}
	if s.group != nil {
		s.group.Close()
	}
}

// Deliver, Configure and Ring are called by corosync, within Dispatch.
func (s *session) Deliver(from corosync.Address, payload []byte) {
	if len(payload) > 0 && payload[0] == kindStatus {
		s.driver.status.Receive(payload[1:])
		return
	}
	if err := s.machine.Deliver(Member(from), payload); err != nil && s.failure == nil {
		s.failure = fmt.Errorf("message of node %d: %w", from.Node, err)
	}
}

func (s *session) Configure(members []corosync.Address) {
	own := make([]Member, 0, len(members))
	nodes := make([]uint32, 0, len(members))
	names := make([]string, 0, len(members))
	for _, member := range members {
		own = append(own, Member(member))
		nodes = append(nodes, member.Node)
		names = append(names, fmt.Sprintf("%d/%d", member.Node, member.Process))
	}
	s.Notice("members: %s", strings.Join(names, ", "))
	s.machine.Configure(own)
	for _, payload := range s.driver.status.Joined(nodes) {
		s.Send(append([]byte{kindStatus}, payload...))
	}
}

func (s *session) Ring(sequence uint64) { s.machine.Ring(sequence) }

// Send, Quorate, UnlockRequested and Notice are what the machine needs of the world.
func (s *session) Send(payload []byte) { s.outbox = append(s.outbox, payload) }

func (s *session) Quorate() bool { return corosync.AskQuorate() }

func (s *session) UnlockRequested(path string) { s.driver.unlock(path) }

func (s *session) Notice(format string, args ...any) { s.driver.log.Notice("dcdb", format, args...) }
