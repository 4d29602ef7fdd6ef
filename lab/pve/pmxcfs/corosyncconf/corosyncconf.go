// Package corosyncconf copies corosync.conf from the cluster's files to where corosync reads it.
package corosyncconf

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"tailmox.lab/pve/pmxcfs/journal"
)

// Name of the file below /etc/pve.
const Name = "corosync.conf"

// Version reads config_version of a corosync.conf; 0 when there is none.
func Version(text []byte) uint64 {
	found := versionLine.FindSubmatch(text)
	if found == nil {
		return 0
	}
	version, err := strconv.ParseUint(string(found[1]), 10, 64)
	if err != nil {
		return 0
	}
	return version
}

var versionLine = regexp.MustCompile(`(?m)^\s*config_version\s*:\s*(\d+)\s*$`)

// Write puts text in place of dir/corosync.conf, unless that one is newer. A file of the same version but
// with other content is replaced too (proxmox.md 7). written tells whether there is something to reload.
func Write(text []byte, dir string, log *journal.Journal) (written bool) {
	path := filepath.Join(dir, Name)
	version := Version(text)
	if version == 0 {
		log.Critical("dcdb", "unable to parse cluster config_version")
		return false
	}
	local, err := os.ReadFile(path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		log.Critical("dcdb", "unable to read '%s': %s", path, err)
		return false
	case Version(local) > version:
		log.Critical("dcdb", "local corosync.conf is newer")
		return false
	case bytes.Equal(local, text):
		return false
	}
	if err := replace(path, text); err != nil {
		log.Critical("dcdb", "unable to write '%s': %s", path, err)
		return false
	}
	log.Notice("dcdb", "wrote new corosync config '%s' (version = %d)", path, version)
	return true
}

func replace(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".corosync.conf.*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // Fails when the rename succeeded: as wanted.
	_, err = file.Write(text)
	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
