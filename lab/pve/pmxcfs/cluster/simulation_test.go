package cluster

import (
	"fmt"
	"slices"
	"syscall"
	"testing"

	"tailmox.lab/pve/pmxcfs/database"
	"tailmox.lab/pve/pmxcfs/tree"
)

func TestMembersStayEqualAndSafeWritesAreNeverLost(t *testing.T) {
	for seed := range uint64(25) {
		w := newWorld(t, seed, 5)
		for range 12 {
			w.busy(80)
			if w.random.IntN(2) == 0 {
				w.split()
			} else {
				w.crash()
			}
			if w.random.IntN(2) == 0 {
				w.busy(w.random.IntN(90))
			} else {
				w.few()
			}
			w.regroup(slices.Clone(w.hosts))
			if w.random.IntN(4) > 0 {
				w.settle()
			}
		}
		w.settle()
		if len(w.calls) != 0 {
			// Calls of a host that lost power have nobody left to answer.
			for name := range w.calls {
				var by, number uint32
				fmt.Sscanf(name, "file-%d-by-%d", &number, &by)
				if w.hosts[by-1].process == 1 {
					t.Fatalf("seed %d: nobody answered the writer of %s", seed, name)
				}
			}
		}
		digest := w.hosts[0].content.rows.Digest()
		for _, h := range w.hosts {
			if h.content.rows.Digest() != digest {
				t.Fatalf("seed %d: host %d differs", seed, h.number)
			}
		}
		for name := range w.safe {
			if _, errno := w.hosts[0].content.rows.Lookup(name); errno != 0 {
				t.Fatalf("seed %d: %s was on a majority's disks and is lost", seed, name)
			}
		}
		if w.ok < 100 || len(w.safe) < 100 {
			t.Fatalf("seed %d: only %d writes succeeded, %d are safe: the simulation proves nothing", seed, w.ok, len(w.safe))
		}
	}
}

func TestChangeInFlightWhenQuorumIsLostEndsWithEPERM(t *testing.T) {
	w := newWorld(t, 1, 3)
	w.settle()
	lonely := w.hosts[0]
	result := make(chan syscall.Errno, 1)
	lonely.machine.Submit(tree.Op{Kind: tree.Create, Path: "late"}, result)
	w.regroup([]*host{lonely}, w.hosts[1:])
	w.settle()
	if errno := <-result; errno != syscall.EPERM {
		t.Fatalf("got %v, want EPERM", errno)
	}
	if _, errno := lonely.content.rows.Lookup("late"); errno != syscall.ENOENT {
		t.Fatal("the refused change was made")
	}
}

func TestChangeInFlightInTheMajoritySucceedsAfterTheMembershipSettled(t *testing.T) {
	w := newWorld(t, 1, 3)
	w.settle()
	result := make(chan syscall.Errno, 1)
	w.hosts[0].machine.Submit(tree.Op{Kind: tree.Create, Path: "late"}, result)
	w.regroup(w.hosts[:2], w.hosts[2:])
	w.settle()
	if errno := <-result; errno != 0 {
		t.Fatalf("got %v", errno)
	}
}

func TestChangeAfterQuorumWasForcedIsMadeAndLeavesNoLineage(t *testing.T) {
	w := newWorld(t, 1, 3)
	w.settle()
	lonely := w.hosts[0]
	w.regroup([]*host{lonely}, w.hosts[1:])
	w.settle()
	before := lonely.content.lineage
	// `pvecm expected 1`: the mount lets changes through again, the round was agreed without quorum.
	result := make(chan syscall.Errno, 1)
	lonely.machine.Submit(tree.Op{Kind: tree.Create, Path: "alone"}, result)
	w.settle()
	if errno := <-result; errno != 0 || before == 0 || lonely.content.onDisk != 0 {
		t.Fatalf("%v, lineage %d before, %d after", errno, before, lonely.content.onDisk)
	}
}

func TestHighestVersionLeadsAmongCopiesWithoutLineageThenNewestMtime(t *testing.T) {
	a, b, c := Member{1, 1}, Member{2, 1}, Member{3, 1}
	leader := func(sa, sb, sc database.Summary) Member {
		return chooseLeader([]Member{a, b, c}, map[Member]database.Summary{a: sa, b: sb, c: sc})
	}
	if got := leader(database.Summary{Version: 4}, database.Summary{Version: 9}, database.Summary{Version: 8}); got != b {
		t.Errorf("version: %v", got)
	}
	if got := leader(database.Summary{Version: 4}, database.Summary{Version: 4}, database.Summary{Version: 4, Mtime: 7}); got != c {
		t.Errorf("mtime: %v", got)
	}
	if got := leader(database.Summary{Version: 9, Lineage: 8}, database.Summary{Version: 5, Lineage: 12}, database.Summary{Version: 2}); got != b {
		t.Errorf("lineage: %v", got)
	}
	// Changed alone after `pvecm expected`, and further than the majority: wins, as in the real cluster.
	if got := leader(database.Summary{Version: 9, Lineage: 8}, database.Summary{Version: 5, Lineage: 12}, database.Summary{Version: 6}); got != c {
		t.Errorf("changed outside: %v", got)
	}
}
