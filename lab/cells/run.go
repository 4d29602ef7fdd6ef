package main

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// runCorosync turns this process into corosync on root. The mounts live in a namespace of its own and end with it.
func runCorosync(root, dir, name string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWUTS); err != nil {
		return fmt.Errorf("namespaces: %w", err)
	}
	// By its name corosync finds itself in the node list; otherwise it asks a name server, and waits for it.
	if err := unix.Sethostname([]byte(name)); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("propagation of /: %w", err)
	}
	binds := []struct{ from, to string }{
		{"/dev", "dev"},
		{"/proc", "proc"},
		{filepath.Join(dir, "etc"), "etc/corosync"},
		{filepath.Join(dir, "state"), "var/lib/corosync"},
	}
	for _, bind := range binds {
		if err := unix.Mount(bind.from, filepath.Join(root, bind.to), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("bind %s: %w", bind.from, err)
		}
	}
	// corosync's lock, which allows one of it.
	if err := unix.Mount("tmpfs", filepath.Join(root, "run"), "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("/run: %w", err)
	}
	if err := unix.Chroot(root); err != nil {
		return fmt.Errorf("chroot %s: %w", root, err)
	}
	if err := unix.Chdir("/"); err != nil {
		return err
	}
	return unix.Exec("/usr/sbin/corosync", []string{"corosync", "-f"}, os.Environ())
}
