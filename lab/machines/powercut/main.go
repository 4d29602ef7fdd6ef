// Powercut ends a machine as a power cut does: first its disk takes no more writes, then every process dies.
//
//	powercut -disk DIR -cgroup DIR [-init PID]
//
// The ext4 mounted at DIR is shut down without flushing its journal (EXT4_IOC_SHUTDOWN of
// include/uapi/linux/ext4.h): what was written and not synced never reaches the disk image, whatever the page
// cache still holds. Then cgroup.kill sends SIGKILL to all processes in the cgroup at once, and the machine's
// FUSE connections are aborted, because a process that waits for a dead FUSE server cannot die.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	ext4IocShutdown        = 0x8004587d // _IOR('X', 125, __u32)
	ext4GoingFlagsNoLogFsh = 2          // EXT4_GOING_FLAGS_NOLOGFLUSH
)

func main() {
	disk := flag.String("disk", "", "a directory on the machine's disk")
	cgroup := flag.String("cgroup", "", "cgroup (v2) directory that holds the machine's processes")
	init := flag.Int("init", 0, "the machine's init, to find its FUSE mounts")
	flag.Parse()
	if err := cut(*disk, *cgroup, *init); err != nil {
		fmt.Fprintln(os.Stderr, "powercut:", err)
		os.Exit(1)
	}
}

func cut(disk, cgroup string, init int) error {
	kill, err := os.OpenFile(filepath.Join(cgroup, "cgroup.kill"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	root, err := os.Open(disk)
	if err != nil {
		return err
	}
	fuse := fuseConnections(init)
	if err := unix.IoctlSetPointerInt(int(root.Fd()), ext4IocShutdown, ext4GoingFlagsNoLogFsh); err != nil {
		return fmt.Errorf("shutdown of the ext4 at %s: %w", disk, err)
	}
	if _, err := kill.WriteString("1"); err != nil {
		return fmt.Errorf("cgroup.kill: %w", err)
	}
	abort(fuse)
	return nil
}

// fuseConnections gives the minor device numbers of the FUSE file systems that the process sees; the kernel
// names their connections by it.
func fuseConnections(pid int) []string {
	var found []string
	file, err := os.Open(fmt.Sprintf("/proc/%d/mountinfo", pid))
	if err != nil {
		return nil
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		kind, _, _ := strings.Cut(after, " ")
		if len(fields) < 3 || (kind != "fuse" && !strings.HasPrefix(kind, "fuse.")) {
			continue
		}
		_, minor, _ := strings.Cut(fields[2], ":")
		found = append(found, minor)
	}
	return found
}

// abort is best effort: the connections of servers that died with the rest are gone already.
func abort(connections []string) {
	if len(connections) == 0 {
		return
	}
	const control = "/sys/fs/fuse/connections"
	// The mount namespace is the thread's.
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err == nil {
		_ = unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, "")
		_ = unix.Mount("fusectl", control, "fusectl", 0, "")
	}
	for _, minor := range connections {
		_ = os.WriteFile(filepath.Join(control, minor, "abort"), []byte("1"), 0)
	}
}
