// Hold runs a command in a cgroup of its own and, when asked, over a machine's disk.
//
//	hold -cgroup DIR [-disk IMAGE -lower DIR[:DIR...] -at DIR] -- COMMAND ARGS...
//
// With -disk the command gets a mount namespace of its own, in which AT/disk is the image (a loop mount) and
// AT/root an overlay of the lower directories with what the disk holds. Nobody else sees these mounts, and they
// hold as long as a process in that namespace lives: whoever kills the processes has unmounted the disk and
// freed the loop device, without a word of cleaning up. That is why a lab that was killed leaves no mounts.
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

func main() {
	cgroup := flag.String("cgroup", "", "cgroup (v2) directory to run in, made when missing")
	disk := flag.String("disk", "", "ext4 image to mount at AT/disk")
	lower := flag.String("lower", "", "lower directories of the overlay at AT/root")
	at := flag.String("at", "", "directory of the mount points")
	flag.Parse()
	if err := hold(*cgroup, *disk, *lower, *at, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "hold:", err)
		os.Exit(125)
	}
}

func hold(cgroup, disk, lower, at string, argv []string) error {
	if len(argv) == 0 {
		return fmt.Errorf("no command")
	}
	file, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	if err := join(cgroup); err != nil {
		return err
	}
	// Unshare and exec concern the calling thread: it must stay the same one.
	runtime.LockOSThread()
	if disk != "" {
		if err := mount(disk, lower, at); err != nil {
			return err
		}
	}
	return unix.Exec(file, argv, os.Environ())
}

func join(cgroup string) error {
	if cgroup == "" {
		return nil
	}
	if err := os.MkdirAll(cgroup, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(cgroup, "cgroup.procs"), []byte("0"), 0)
}

func mount(disk, lower, at string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("mount namespace: %w", err)
	}
	// Slave: what is unmounted outside goes here too, what is mounted here stays here.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("propagation of /: %w", err)
	}
	upper, work := filepath.Join(at, "disk/upper"), filepath.Join(at, "disk/work")
	root := filepath.Join(at, "root")
	for _, dir := range []string{filepath.Join(at, "disk"), root} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	// mount(8) and not the system call: it finds a free loop device and has it freed at the unmount.
	// nobarrier: the disk must survive a power cut of the host in the lab, not one of the lab's machine;
	// ext4 waits for the journal's blocks all the same, and the loop device has them then.
	command := exec.Command("mount", "-t", "ext4", "-o", "loop,nobarrier", disk, filepath.Join(at, "disk"))
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("mount of %s: %w: %s", disk, err, output)
	}
	for _, dir := range []string{upper, work} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work)
	if err := unix.Mount("overlay", root, "overlay", 0, options); err != nil {
		return fmt.Errorf("overlay (%s): %w", options, err)
	}
	return nil
}
