package corosyncconf

import (
	"os"
	"path/filepath"
	"testing"

	"tailmox.lab/pve/pmxcfs/journal"
)

func TestVersionIsReadFromTheTotemSection(t *testing.T) {
	for text, want := range map[string]uint64{
		"totem {\n  cluster_name: tailmox\n  config_version: 12\n  version: 2\n}\n": 12,
		"totem {\n\tconfig_version:3\n}\n":                                          3,
		"totem {\n  # config_version: 9\n  version: 2\n}\n":                         0,
		"config_version: abc\n":                                                     0,
		"":                                                                          0,
	} {
		if got := Version([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestHigherOrEqualVersionIsWrittenLowerIsIgnored(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, Name)
	log := journal.Stderr()
	steps := []struct {
		text    string
		written bool
		file    string
	}{
		{"config_version: 2\na", true, "config_version: 2\na"},
		{"config_version: 2\na", false, "config_version: 2\na"},
		{"config_version: 2\nb", true, "config_version: 2\nb"},
		{"config_version: 1\nc", false, "config_version: 2\nb"},
		{"nothing", false, "config_version: 2\nb"},
		{"config_version: 3\nd", true, "config_version: 3\nd"},
	}
	for _, step := range steps {
		if got := Write([]byte(step.text), dir, log); got != step.written {
			t.Fatalf("%q: written %v", step.text, got)
		}
		if file, err := os.ReadFile(path); err != nil || string(file) != step.file {
			t.Fatalf("%q: file is %q %v", step.text, file, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Fatalf("left behind: %v %v", entries, err)
	}
}
