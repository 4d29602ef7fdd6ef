// Hold runs a command in a cgroup, without the power to set the clock or to load kernel modules:
//
//	hold -cgroup DIR -- COMMAND ARGS...
//
// or holds a machine, as long as COMMAND (systemd-nspawn) wants to be started again:
//
//	hold -cgroup DIR -disk IMAGE -lower DIR[:DIR...] -at DIR -- COMMAND ARGS...
//
// A machine has a mount namespace of its own, in which AT/disk is the image (a loop mount) and AT/root an overlay
// of the lower directories with what the disk holds. Nobody else sees these mounts, and they hold as long as a
// process in that namespace lives: whoever kills the processes has unmounted the disk and freed the loop device,
// without a word of cleaning up. That is why a lab that was killed leaves no mounts.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// Capabilities, namespaces, exec and the death signal concern the calling thread: it must stay the first one.
func init() { runtime.LockOSThread() }

func main() {
	cgroup := flag.String("cgroup", "", "cgroup (v2) directory to run in, made when missing")
	disk := flag.String("disk", "", "ext4 image to mount at AT/disk")
	lower := flag.String("lower", "", "lower directories of the overlay at AT/root")
	at := flag.String("at", "", "directory of the mount points")
	flag.Parse()
	status, err := hold(*cgroup, *disk, *lower, *at, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "hold:", err)
		status = 125
	}
	os.Exit(status)
}

func hold(cgroup, disk, lower, at string, argv []string) (int, error) {
	if len(argv) == 0 || cgroup == "" {
		return 0, fmt.Errorf("no command or no cgroup")
	}
	file, err := exec.LookPath(argv[0])
	if err != nil {
		return 0, err
	}
	if err := limit(); err != nil {
		return 0, err
	}
	if disk == "" {
		if err := join(cgroup); err != nil {
			return 0, err
		}
		return 0, unix.Exec(file, argv, os.Environ())
	}
	// A leaf of its own: a cgroup whose parts have controllers may hold no processes itself.
	if err := join(filepath.Join(cgroup, "hold")); err != nil {
		return 0, err
	}
	if err := mount(disk, lower, at); err != nil {
		return 0, err
	}
	return machine(cgroup, file, argv)
}

// limit: all hosts share this machine's clock and kernel, so no program in a host may change either.
func limit() error {
	for _, capability := range []uintptr{unix.CAP_SYS_TIME, unix.CAP_SYS_MODULE} {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
			return fmt.Errorf("capability %d: %w", capability, err)
		}
	}
	return nil
}

func mount(disk, lower, at string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("mount namespace: %w", err)
	}
	// Slave: what is unmounted outside goes here too, what is mounted here stays here.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("propagation of /: %w", err)
	}
	root, store := filepath.Join(at, "root"), filepath.Join(at, "disk")
	upper, work := filepath.Join(store, "upper"), filepath.Join(store, "work")
	if err := makeDirs(root, store); err != nil {
		return err
	}
	// mount(8) and not the system call: it finds a free loop device and has it freed at the unmount.
	// nobarrier: the disk must survive a power cut of the host in the lab, not one of the lab's machine;
	// ext4 waits for the journal's blocks all the same, and the loop device has them then.
	output, err := exec.Command("mount", "-t", "ext4", "-o", "loop,nobarrier", disk, store).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mount of %s: %w: %s", disk, err, output)
	}
	if err := makeDirs(upper, work); err != nil {
		return err
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work)
	if err := unix.Mount("overlay", root, "overlay", 0, options); err != nil {
		return fmt.Errorf("overlay (%s): %w", options, err)
	}
	return nil
}

func makeDirs(dirs ...string) error {
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}
