package tree

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
)

func apply(t *testing.T, tree *Tree, want syscall.Errno, op Op) {
	t.Helper()
	if _, errno := tree.Apply(op, 1); errno != want {
		t.Fatalf("%+v: got %v, want %v", op, errno, want)
	}
}

func content(t *testing.T, tree *Tree, path string) string {
	t.Helper()
	entry, errno := tree.Lookup(path)
	if errno != 0 {
		t.Fatalf("%s: %v", path, errno)
	}
	return string(entry.Data)
}

func TestSameOperationsInTheSameOrderGiveTheSameTree(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	paths := []string{"a", "b", "d", "d/x", "d/y", "d/e", "d/e/z", "priv/lock/l", "priv", "priv/lock"}
	first, second := New(0), New(0)
	for i := range 5_000 {
		op := Op{
			Kind:     Kind(1 + random.IntN(7)),
			Path:     paths[random.IntN(len(paths))],
			To:       paths[random.IntN(len(paths))],
			Offset:   random.Uint32N(20),
			Data:     []byte(strings.Repeat("x", random.IntN(20))),
			Truncate: random.IntN(2) == 0,
			Dir:      random.IntN(2) == 0,
			Mtime:    uint32(i),
			Seen:     first.Version(),
		}
		writer := random.Uint32N(5)
		change, errno := first.Apply(op, writer)
		_, again := second.Apply(op, writer)
		if errno != again {
			t.Fatalf("%+v: %v and %v", op, errno, again)
		}
		if errno != 0 && len(change.Put)+len(change.Delete)+len(change.Paths) > 0 {
			t.Fatalf("%+v: refused with %v, and changed something", op, errno)
		}
	}
	if first.Digest() != second.Digest() {
		t.Fatal("digests differ")
	}
	if first.Version() < 500 {
		t.Fatalf("only %d changes were made: the test proves nothing", first.Version())
	}
}

func TestLoadedRowsGiveTheSameTree(t *testing.T) {
	tree := New(5)
	apply(t, tree, 0, Op{Kind: Mkdir, Path: "d"})
	apply(t, tree, 0, Op{Kind: Create, Path: "d/f"})
	apply(t, tree, 0, Op{Kind: Write, Path: "d/f", Data: []byte("text")})
	loaded := Load(tree.Rows())
	if loaded.Digest() != tree.Digest() || loaded.Bytes() != 4 || content(t, loaded, "d/f") != "text" {
		t.Fatal("not the same")
	}
}

func TestChangesReplayedOnRowsGiveTheSameRows(t *testing.T) {
	tree := New(0)
	rows := map[uint64]Entry{}
	for _, op := range []Op{
		{Kind: Mkdir, Path: "d"}, {Kind: Create, Path: "d/f"}, {Kind: Write, Path: "d/f", Data: []byte("1")},
		{Kind: Create, Path: "g"}, {Kind: Rename, Path: "g", To: "d/f"}, {Kind: Mkdir, Path: "e"},
		{Kind: Rename, Path: "d", To: "e/d"}, {Kind: Remove, Path: "e/d/f"}, {Kind: Remove, Path: "e/d", Dir: true},
	} {
		change, errno := tree.Apply(op, 3)
		if errno != 0 {
			t.Fatalf("%+v: %v", op, errno)
		}
		for _, inode := range change.Delete {
			delete(rows, inode)
		}
		for _, entry := range change.Put {
			rows[entry.Inode] = entry
		}
	}
	var kept []Entry
	for _, row := range rows {
		kept = append(kept, row)
	}
	if Load(kept).Digest() != tree.Digest() {
		t.Fatalf("%v", kept)
	}
}

func TestWriteExtendsOverwritesAndTruncates(t *testing.T) {
	tree := New(0)
	apply(t, tree, 0, Op{Kind: Create, Path: "f"})
	apply(t, tree, 0, Op{Kind: Write, Path: "f", Data: []byte("hello world")})
	apply(t, tree, 0, Op{Kind: Write, Path: "f", Offset: 6, Data: []byte("there")})
	if got := content(t, tree, "f"); got != "hello there" {
		t.Fatalf("%q", got)
	}
	apply(t, tree, 0, Op{Kind: Write, Path: "f", Offset: 5, Truncate: true})
	apply(t, tree, 0, Op{Kind: Write, Path: "f", Offset: 7, Data: []byte("!")})
	if got := content(t, tree, "f"); got != "hello\x00\x00!" {
		t.Fatalf("%q", got)
	}
}

func TestDataOnceReadDoesNotChange(t *testing.T) {
	tree := New(0)
	apply(t, tree, 0, Op{Kind: Create, Path: "f"})
	apply(t, tree, 0, Op{Kind: Write, Path: "f", Data: []byte("old")})
	entry, _ := tree.Lookup("f")
	data := entry.Data
	apply(t, tree, 0, Op{Kind: Write, Path: "f", Data: []byte("new")})
	if string(data) != "old" {
		t.Fatalf("%q", data)
	}
}

func TestRefusesWhatAFileSystemRefuses(t *testing.T) {
	tree := New(0)
	apply(t, tree, 0, Op{Kind: Mkdir, Path: "d"})
	apply(t, tree, 0, Op{Kind: Create, Path: "d/f"})
	apply(t, tree, syscall.EEXIST, Op{Kind: Create, Path: "d/f"})
	apply(t, tree, syscall.EEXIST, Op{Kind: Mkdir, Path: "d"})
	apply(t, tree, syscall.ENOENT, Op{Kind: Create, Path: "no/f"})
	apply(t, tree, syscall.ENOTDIR, Op{Kind: Create, Path: "d/f/g"})
	apply(t, tree, syscall.ENOENT, Op{Kind: Write, Path: "no"})
	apply(t, tree, syscall.EISDIR, Op{Kind: Write, Path: "d"})
	apply(t, tree, syscall.ENOTEMPTY, Op{Kind: Remove, Path: "d", Dir: true})
	apply(t, tree, syscall.EISDIR, Op{Kind: Remove, Path: "d"})
	apply(t, tree, syscall.ENOTDIR, Op{Kind: Remove, Path: "d/f", Dir: true})
	apply(t, tree, syscall.EINVAL, Op{Kind: Rename, Path: "d", To: "d/inside"})
	apply(t, tree, syscall.EISDIR, Op{Kind: Rename, Path: "d/f", To: "d"})
	apply(t, tree, syscall.EINVAL, Op{Kind: Create, Path: "d/../x"})
	apply(t, tree, syscall.ENAMETOOLONG, Op{Kind: Create, Path: strings.Repeat("n", 256)})
	apply(t, tree, syscall.EFBIG, Op{Kind: Write, Path: "d/f", Offset: MaxFileBytes, Data: []byte("x")})
}

func TestHoldsNoMoreThanTheRealOne(t *testing.T) {
	tree := New(0)
	full := make([]byte, MaxFileBytes)
	for i := range MaxTotalBytes / MaxFileBytes {
		path := fmt.Sprintf("f%d", i)
		apply(t, tree, 0, Op{Kind: Create, Path: path})
		apply(t, tree, 0, Op{Kind: Write, Path: path, Data: full})
	}
	apply(t, tree, 0, Op{Kind: Create, Path: "more"})
	apply(t, tree, syscall.ENOSPC, Op{Kind: Write, Path: "more", Data: []byte("x")})
	apply(t, tree, 0, Op{Kind: Remove, Path: "f0"})
	apply(t, tree, 0, Op{Kind: Write, Path: "more", Data: []byte("x")})
}

func TestRenameReplacesAtomically(t *testing.T) {
	tree := New(0)
	apply(t, tree, 0, Op{Kind: Create, Path: "f"})
	apply(t, tree, 0, Op{Kind: Create, Path: "f.new"})
	apply(t, tree, 0, Op{Kind: Write, Path: "f.new", Data: []byte("new")})
	before := tree.Version()
	apply(t, tree, 0, Op{Kind: Rename, Path: "f.new", To: "f"})
	if got := content(t, tree, "f"); got != "new" || tree.Version() != before+1 || tree.Inodes() != 2 {
		t.Fatalf("%q, version %d to %d, %d inodes", got, before, tree.Version(), tree.Inodes())
	}
}

func TestGuestNumbersAreUniqueInTheCluster(t *testing.T) {
	tree := New(0)
	for _, path := range []string{"nodes", "nodes/a", "nodes/b", "nodes/a/qemu-server", "nodes/b/lxc", "nodes/b/qemu-server"} {
		apply(t, tree, 0, Op{Kind: Mkdir, Path: path})
	}
	apply(t, tree, 0, Op{Kind: Create, Path: "nodes/a/qemu-server/100.conf"})
	apply(t, tree, syscall.EEXIST, Op{Kind: Create, Path: "nodes/b/lxc/100.conf"})
	apply(t, tree, 0, Op{Kind: Create, Path: "nodes/b/qemu-server/100.conf.tmp"})
	apply(t, tree, syscall.EEXIST, Op{Kind: Rename, Path: "nodes/b/qemu-server/100.conf.tmp", To: "nodes/b/qemu-server/100.conf"})
	apply(t, tree, 0, Op{Kind: Rename, Path: "nodes/a/qemu-server/100.conf", To: "nodes/b/qemu-server/100.conf"})
	guests := tree.Guests()
	if len(guests) != 1 || guests[0].ID != 100 || guests[0].Node != "b" || guests[0].Type != "qemu" {
		t.Fatalf("%+v", guests)
	}
}

func TestLockIsRenewedByItsHolderAloneAndTakenOnlyAsItWasSeen(t *testing.T) {
	tree := New(0)
	apply(t, tree, 0, Op{Kind: Mkdir, Path: "priv"})
	apply(t, tree, 0, Op{Kind: Mkdir, Path: "priv/lock"})
	apply(t, tree, 0, Op{Kind: Mkdir, Path: "priv/lock/l"})
	if _, errno := tree.Apply(Op{Kind: SetMtime, Path: "priv/lock/l", Mtime: 9}, 2); errno != syscall.EACCES {
		t.Fatalf("a stranger renewed it: %v", errno)
	}
	seen, _ := tree.Lookup("priv/lock/l")
	apply(t, tree, 0, Op{Kind: SetMtime, Path: "priv/lock/l", Mtime: 9})
	apply(t, tree, 0, Op{Kind: Unlock, Path: "priv/lock/l", Seen: seen.Version})
	renewed, errno := tree.Lookup("priv/lock/l")
	if errno != 0 {
		t.Fatal("a renewed lock was taken")
	}
	apply(t, tree, 0, Op{Kind: Unlock, Path: "priv/lock/l", Seen: renewed.Version})
	if _, errno := tree.Lookup("priv/lock/l"); errno != syscall.ENOENT {
		t.Fatal("the lock stands")
	}
}

func TestModesFollowFromPathAndQuorum(t *testing.T) {
	for _, c := range []struct {
		path          string
		dir, writable bool
		want          uint32
	}{
		{"", true, true, 0o755}, {"", true, false, 0o755},
		{"nodes", true, true, 0o755}, {"nodes", true, false, 0o555},
		{"storage.cfg", false, true, 0o640}, {"storage.cfg", false, false, 0o444},
		{"priv", true, true, 0o700}, {"priv", true, false, 0o500},
		{"priv/authkey.key", false, true, 0o600}, {"nodes/pve1/priv/x", false, false, 0o400},
		{"private", false, true, 0o640},
	} {
		if got := Permissions(c.path, c.dir, c.writable); got != c.want {
			t.Errorf("%q dir %v writable %v: %o, want %o", c.path, c.dir, c.writable, got, c.want)
		}
	}
}
