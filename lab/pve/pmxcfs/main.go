// The C library resolves names here, as in the real program.
//go:debug netdns=cgo

// Command pmxcfs stands in for Proxmox's cluster file system: /etc/pve, replicated between the members of a
// corosync cluster, read-only without quorum. See ../../../docs/decisions/pmxcfs.md.
package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"tailmox.lab/pve/pmxcfs/cluster"
	"tailmox.lab/pve/pmxcfs/corosync"
	"tailmox.lab/pve/pmxcfs/corosyncconf"
	"tailmox.lab/pve/pmxcfs/database"
	"tailmox.lab/pve/pmxcfs/ipc"
	"tailmox.lab/pve/pmxcfs/journal"
	"tailmox.lab/pve/pmxcfs/locks"
	"tailmox.lab/pve/pmxcfs/mount"
	"tailmox.lab/pve/pmxcfs/retry"
	"tailmox.lab/pve/pmxcfs/status"
	"tailmox.lab/pve/pmxcfs/tree"
)

func main() {
	o := parseOptions()
	daemon := os.Getenv(daemonMark) != ""
	if !o.foreground && !daemon {
		os.Exit(daemonize())
	}
	log := journal.Stderr()
	if !o.foreground {
		log = journal.System("pmxcfs")
	}
	log.SetDebug(o.debug)
	if err := serve(o, log, daemon && !o.foreground); err != nil {
		log.Critical("main", "%s", err)
		log.EchoCritical("main", "%s", err)
		log.Notice("main", "exit proxmox configuration filesystem (-1)")
		os.Exit(255)
	}
	log.Notice("main", "exit proxmox configuration filesystem (0)")
}

// serve runs until SIGTERM or SIGINT.
func serve(o options, log *journal.Journal, daemon bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	address, err := nodeAddress(o.nodeName)
	if err != nil {
		return err
	}
	log.Notice("main", "resolved node name '%s' to '%s' for default node IP address", o.nodeName, address)
	lock, err := acquireLock(filepath.Join(filepath.Dir(o.database), ".pmxcfs.lockfile"))
	if err != nil {
		return err
	}
	defer lock.Close()
	f := &files{log: log, locks: locks.New(time.Now), corosyncDir: o.corosyncDir}
	f.board = status.New(o.nodeName, true, log)
	created := false
	f.database, created, err = database.Open(o.database, f.changed)
	if err != nil {
		return err
	}
	defer f.database.Close()
	if created && !o.local {
		if err := f.importCorosyncConf(); err != nil {
			return err
		}
	}
	if _, clustered := f.corosyncConf(); clustered && !o.local {
		if err := f.join(ctx, o.nodeName); err != nil {
			return err
		}
		f.copyCorosyncConf()
	} else if clustered {
		log.Notice("main", "forcing local mode (although corosync.conf exists)")
	}
	f.board.Put(status.KeyNodeIP, []byte(address))
	err = f.show(ctx, o, daemon)
	stop()
	f.running.Wait() // The database must not be closed under the cluster's thread.
	return err
}

// importCorosyncConf is how a host that joins a cluster starts: its new database holds nothing else.
func (f *files) importCorosyncConf() error {
	text, err := os.ReadFile(filepath.Join(f.corosyncDir, corosyncconf.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	now := uint32(time.Now().Unix())
	for _, op := range []tree.Op{
		{Kind: tree.Create, Path: corosyncconf.Name, Mtime: now},
		{Kind: tree.Write, Path: corosyncconf.Name, Data: text, Mtime: now},
	} {
		if errno := f.database.Do(op); errno != 0 {
			return errno
		}
	}
	return nil
}

// join starts the threads that talk to corosync.
func (f *files) join(ctx context.Context, nodeName string) error {
	f.board = status.New(nodeName, false, f.log)
	driver, err := cluster.NewDriver(f.database, f.board, f.log, f.unlock, func(err error) {
		// What is in memory and on disk differs now. The kernel ends the callers' waits when we are gone.
		f.log.Critical("database", "%s", err)
		os.Exit(1)
	})
	if err != nil {
		return err
	}
	f.driver = driver
	f.board.Connect(driver.Broadcast)
	f.running.Go(func() { driver.Run(ctx) })
	go retry.EachSecond(ctx, func(ctx context.Context) error {
		err := corosync.WatchQuorum(ctx, f.board.SetQuorate)
		f.board.SetQuorate(false)
		return err
	}, func(err error) { f.log.Critical("quorum", "%s", err) })
	go retry.EachSecond(ctx, func(ctx context.Context) error {
		return corosync.WatchConfig(ctx, f.board.SetCluster)
	}, func(err error) { f.log.Critical("confdb", "%s", err) })
	return nil
}

// show mounts the files, tells that it is ready, and answers until ctx ends.
func (f *files) show(ctx context.Context, o options, daemon bool) error {
	group := webServerGroup()
	mounted, err := mount.Start(o.mount, o.nodeName, group, f)
	if err != nil {
		return err
	}
	pidFile := filepath.Join(o.runDir, "pve-cluster.pid")
	err = writePID(pidFile)
	if err == nil && daemon {
		err = detach()
	}
	if err == nil {
		socket := filepath.Join(o.runDir, "lab-pmxcfs.sock")
		err = ipc.Serve(ctx, socket, int(group), o.ipcDelay, o.nodeName, f.board, f.database)
	}
	f.log.Notice("main", "teardown filesystem")
	return errors.Join(err, mounted.Stop(), os.Remove(pidFile))
}

// webServerGroup is www-data, to which all files belong; Debian gives it 33.
func webServerGroup() uint32 {
	group, err := user.LookupGroup("www-data")
	if err != nil {
		return 33
	}
	number, err := strconv.ParseUint(group.Gid, 10, 32)
	if err != nil {
		return 33
	}
	return uint32(number)
}
