package database

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tailmox.lab/pve/pmxcfs/tree"
)

func open(t *testing.T, path string) (*Database, bool) {
	t.Helper()
	opened, created, err := Open(path, func([]string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened, created
}

func fill(t *testing.T, d *Database) {
	t.Helper()
	for _, op := range []tree.Op{
		{Kind: tree.Mkdir, Path: "priv", Mtime: 1},
		{Kind: tree.Create, Path: "priv/key", Mtime: 2},
		{Kind: tree.Write, Path: "priv/key", Data: []byte("it's\x00binary\n"), Mtime: 3},
		{Kind: tree.Create, Path: "gone", Mtime: 4},
		{Kind: tree.Remove, Path: "gone", Mtime: 5},
	} {
		if errno := d.Do(op); errno != 0 {
			t.Fatalf("%+v: %v", op, errno)
		}
	}
}

func TestWhatWasWrittenIsThereAfterOpeningAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.db")
	first, created := open(t, path)
	if !created {
		t.Fatal("not created")
	}
	fill(t, first)
	want := first.Summary()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, created := open(t, path)
	if created || second.Summary() != want {
		t.Fatalf("created %v, got %+v, want %+v", created, second.Summary(), want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
}

func TestBackupBySqlite3DumpRestoresEverything(t *testing.T) {
	folder := t.TempDir()
	first, _ := open(t, filepath.Join(folder, "config.db"))
	fill(t, first)
	first.SetLineage(12)
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	want := first.Summary()
	restored := filepath.Join(folder, "restored.db")
	// The very commands of proxmox.md 4.3 step 10 and 4.5, gzip left out.
	shell := exec.Command("sh", "-c", `sqlite3 "$1" .dump | sqlite3 "$2"`, "sh", filepath.Join(folder, "config.db"), restored)
	if output, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	second, created := open(t, restored)
	got := second.Summary()
	if created || got.Digest != want.Digest || got.Version != want.Version {
		t.Fatalf("created %v, got %+v, want %+v", created, got, want)
	}
	if got.Lineage != 0 {
		t.Fatal("a restored copy must compete by its version alone")
	}
}

func TestInstallTakesOverAnotherMembersContent(t *testing.T) {
	leader, _ := open(t, filepath.Join(t.TempDir(), "config.db"))
	fill(t, leader)
	path := filepath.Join(t.TempDir(), "config.db")
	behind, _ := open(t, path)
	if errno := behind.Do(tree.Op{Kind: tree.Create, Path: "lost"}); errno != 0 {
		t.Fatal(errno)
	}
	dump, err := leader.Dump()
	if err != nil {
		t.Fatal(err)
	}
	if err := behind.Install(dump, 7); err != nil {
		t.Fatal(err)
	}
	if err := behind.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := open(t, path)
	got, want := again.Summary(), leader.Summary()
	if got.Digest != want.Digest || got.Lineage != 7 {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func TestUncommittedChangesAreNotOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.db")
	d, _ := open(t, path)
	d.Apply(tree.Op{Kind: tree.Create, Path: "early"}, 1)
	reader, _ := open(t, path)
	reader.View(func(rows *tree.Tree) {
		if _, errno := rows.Lookup("early"); errno == 0 {
			t.Fatal("written before Commit")
		}
	})
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	later, _ := open(t, path)
	later.View(func(rows *tree.Tree) {
		if _, errno := rows.Lookup("early"); errno != 0 {
			t.Fatal("not written by Commit")
		}
	})
}
