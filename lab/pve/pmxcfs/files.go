package main

import (
	"context"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"tailmox.lab/pve/pmxcfs/cluster"
	"tailmox.lab/pve/pmxcfs/corosyncconf"
	"tailmox.lab/pve/pmxcfs/database"
	"tailmox.lab/pve/pmxcfs/journal"
	"tailmox.lab/pve/pmxcfs/locks"
	"tailmox.lab/pve/pmxcfs/status"
	"tailmox.lab/pve/pmxcfs/tree"
)

// files joins the parts into what is mounted.
type files struct {
	log         *journal.Journal
	board       *status.Board
	locks       *locks.Table
	database    *database.Database
	corosyncDir string
	// driver is nil in local mode.
	driver *cluster.Driver
	// running is the cluster's thread.
	running sync.WaitGroup
	// reload is set when a change wrote a corosync.conf that corosync has not read yet.
	reload atomic.Bool
}

func (f *files) View(look func(*tree.Tree)) { f.database.View(look) }

func (f *files) Writable() bool { return f.board.Writable() }

func (f *files) Do(op tree.Op) syscall.Errno {
	if !f.Writable() {
		return syscall.EACCES
	}
	if f.driver == nil {
		return f.database.Do(op)
	}
	errno := f.driver.Do(op)
	if errno == 0 && slices.Contains([]string{op.Path, op.To}, corosyncconf.Name) && f.reload.Swap(false) {
		f.reloadCorosync()
	}
	return errno
}

// reloadCorosync is done by the member that made the change, a second later, while its caller waits
// (proxmox.md 2.1 and 7). By then the others have written their copies.
func (f *files) reloadCorosync() {
	time.Sleep(time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if output, err := exec.CommandContext(ctx, "corosync-cfgtool", "-R").CombinedOutput(); err != nil {
		f.log.Critical("dcdb", "corosync-cfgtool -R failed: %s %s", err, output)
	}
}

// RequestUnlock is a utime(0) on a cluster lock: give it to me, if its holder is gone.
func (f *files) RequestUnlock(path string) {
	if f.driver != nil {
		f.driver.RequestUnlock(path)
	} else if op, ok := f.expiredLock(path); ok {
		f.database.Do(op)
	}
}

// unlock is called in the cluster's thread, on the member that decides.
func (f *files) unlock(path string) {
	if op, ok := f.expiredLock(path); ok {
		f.driver.Post(op)
	}
}

func (f *files) expiredLock(path string) (tree.Op, bool) {
	version := f.versionOf(path)
	if version == 0 || !f.locks.Expired(path, version) {
		return tree.Op{}, false
	}
	return tree.Op{Kind: tree.Unlock, Path: path, Seen: version, Mtime: uint32(time.Now().Unix())}, true
}

// changed hears of every change of the database; nil: of all at once, by a state of the leader.
func (f *files) changed(paths []string) {
	f.board.Changed(paths)
	f.locks.Changed(paths, f.versionOf)
	if f.driver == nil {
		return
	}
	if paths == nil {
		f.copyCorosyncConf()
	} else if slices.Contains(paths, corosyncconf.Name) && f.copyCorosyncConf() {
		f.reload.Store(true)
	}
}

// copyCorosyncConf writes corosync's own copy, if there is something new.
func (f *files) copyCorosyncConf() (written bool) {
	text, ok := f.corosyncConf()
	return ok && corosyncconf.Write(text, f.corosyncDir, f.log)
}

func (f *files) corosyncConf() (text []byte, ok bool) {
	f.database.View(func(t *tree.Tree) {
		if entry, errno := t.Lookup(corosyncconf.Name); errno == 0 && !entry.Dir {
			text, ok = entry.Data, true
		}
	})
	return text, ok
}

func (f *files) versionOf(path string) (version uint64) {
	f.database.View(func(t *tree.Tree) {
		if entry, errno := t.Lookup(path); errno == 0 && entry.Dir {
			version = entry.Version
		}
	})
	return version
}

// VirtualNames and Virtual are the files that are made on reading.
func (f *files) VirtualNames() []string {
	return []string{".clusterlog", ".debug", ".members", ".rrd", ".version", ".vmlist"}
}

func (f *files) Virtual(name string) ([]byte, bool) {
	switch name {
	case ".clusterlog":
		return f.board.ClusterLog(), true
	case ".debug":
		if f.log.Debugging() {
			return []byte("1\n"), true
		}
		return []byte("0\n"), true
	case ".members":
		return f.board.Members(), true
	case ".rrd":
		return f.board.Measurements(), true
	case ".version":
		return f.board.Version(), true
	case ".vmlist":
		var guests []tree.Guest
		f.View(func(t *tree.Tree) { guests = t.Guests() })
		return f.board.Guests(guests), true
	}
	return nil, false
}
