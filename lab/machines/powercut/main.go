// Powercut ends a machine as a power cut does: first its disk takes no more writes, then every process dies.
//
//	powercut -disk DIR -cgroup DIR [-init PID]
//	powercut -disk DIR -device /dev/loopN
//
// The ext4 mounted at DIR is shut down without flushing its journal (EXT4_IOC_SHUTDOWN of
// include/uapi/linux/ext4.h): what was written and not synced never reaches the disk image, whatever the page
// cache still holds. Then cgroup.kill sends SIGKILL to all processes in the cgroup at once, and the machine's
// FUSE connections are aborted, because a process that waits for a dead FUSE server cannot die.
//
// The second form is for a disk whose machine is gone and whose file system stays because it was frozen.
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
	fiThaw                 = 0xc0045878 // _IOWR('X', 120, int)
)

// A mount namespace is the thread's.
func init() { runtime.LockOSThread() }

func main() {
	disk := flag.String("disk", "", "a directory on the machine's disk")
	cgroup := flag.String("cgroup", "", "cgroup (v2) directory that holds the machine's processes")
	device := flag.String("device", "", "loop device to mount at the disk's directory first")
	init := flag.Int("init", 0, "the machine's init, to find its FUSE mounts")
	flag.Parse()
	err := mount(*device, *disk)
	if err == nil {
		err = cut(*disk, *cgroup, *init)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "powercut:", err)
		os.Exit(1)
	}
}

// mount gives this process a view of a file system that has lost all others; it ends with this process.
func mount(device, dir string) error {
	if device == "" {
		return nil
	}
	if err := ownMounts(); err != nil {
		return err
	}
	return unix.Mount(device, dir, "ext4", 0, "")
}

func ownMounts() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, "")
}

func cut(disk, cgroup string, init int) error {
	root, err := os.Open(disk)
	if err != nil {
		return err
	}
	kill, err := openKill(cgroup)
	if err != nil {
		return err
	}
	fuse := fuseConnections(init)
	// A process that waits for a frozen file system cannot die; mostly it is not frozen, and this says EINVAL.
	_ = unix.IoctlSetInt(int(root.Fd()), fiThaw, 0)
	if err := unix.IoctlSetPointerInt(int(root.Fd()), ext4IocShutdown, ext4GoingFlagsNoLogFsh); err != nil {
		return fmt.Errorf("shutdown of the ext4 at %s: %w", disk, err)
	}
	if kill == nil {
		return nil
	}
	if _, err := kill.WriteString("1"); err != nil {
		return fmt.Errorf("cgroup.kill: %w", err)
	}
	abort(fuse)
	return nil
}

func openKill(cgroup string) (*os.File, error) {
	if cgroup == "" {
		return nil, nil
	}
	return os.OpenFile(filepath.Join(cgroup, "cgroup.kill"), os.O_WRONLY, 0)
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
	if ownMounts() == nil {
		_ = unix.Mount("fusectl", control, "fusectl", 0, "")
	}
	for _, minor := range connections {
		_ = os.WriteFile(filepath.Join(control, minor, "abort"), []byte("1"), 0)
	}
}
