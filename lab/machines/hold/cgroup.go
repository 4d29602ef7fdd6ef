package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// join puts this process into a cgroup.
func join(cgroup string) error {
	if err := os.MkdirAll(cgroup, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(cgroup, "cgroup.procs"), []byte("0"), 0)
}

// emptyCgroup takes away what nspawn's last run made in the machine's cgroup, and the controllers that it passed
// on: with these no process could be started in it again.
func emptyCgroup(cgroup string) error {
	for _, part := range []string{"payload", "supervisor"} {
		if err := removeTree(filepath.Join(cgroup, part)); err != nil {
			return err
		}
	}
	control := filepath.Join(cgroup, "cgroup.subtree_control")
	controllers, err := os.ReadFile(control)
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(string(controllers)) {
		if err := os.WriteFile(control, []byte("-"+name), 0); err != nil {
			return fmt.Errorf("controller %s: %w", name, err)
		}
	}
	return nil
}

// removeTree removes directories only, deepest first: the files in a cgroup are the kernel's.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(dir)
}
