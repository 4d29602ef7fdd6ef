package mount

import "testing"

func expectPath(t *testing.T, n *names, id uint64, want string, known bool) {
	t.Helper()
	if got, ok := n.path(id); got != want || ok != known {
		t.Fatalf("node %d: %q %v, want %q %v", id, got, ok, want, known)
	}
}

func TestNumberFollowsItsNameThroughARename(t *testing.T) {
	n := newNames()
	dir := n.lookup(1, "d")
	file := n.lookup(dir, "f")
	replaced := n.lookup(1, "g")
	n.rename(dir, "f", 1, "g")
	expectPath(t, n, file, "g", true)
	expectPath(t, n, replaced, "", false)
	n.rename(1, "d", 1, "e")
	expectPath(t, n, dir, "e", true)
}

func TestDeletedNameIsGoneAndAFileOfThatNameGetsANewNumber(t *testing.T) {
	n := newNames()
	file := n.lookup(1, "f")
	n.remove(1, "f")
	expectPath(t, n, file, "", false)
	if again := n.lookup(1, "f"); again == file {
		t.Fatal("the same number for another file")
	}
}

func TestForgottenNodesTakeNoMemory(t *testing.T) {
	n := newNames()
	dir := n.lookup(1, "d")
	file := n.lookup(dir, "f")
	n.lookup(dir, "f")
	n.forget(dir, 1)
	expectPath(t, n, file, "d/f", true)
	n.forget(file, 2)
	if len(n.nodes) != 1 {
		t.Fatalf("%d nodes are left", len(n.nodes))
	}
	n.lookup(1, "x")
	n.remove(1, "x")
	n.forget(n.last, 1)
	if len(n.nodes) != 1 {
		t.Fatalf("%d nodes are left", len(n.nodes))
	}
}
