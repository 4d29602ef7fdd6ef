package mount

import (
	"sync"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// names maps the kernel's node numbers to paths, as libfuse's path interface does: a number stands for a
// name in a directory, not for a file. So a file that was replaced on another host is read at once under
// the same number, and one that was deleted there answers ENOENT until the kernel forgets the name.
type names struct {
	mu    sync.Mutex
	last  uint64
	nodes map[uint64]*node
}

type node struct {
	id     uint64
	parent *node
	name   string
	// lookups counts what the kernel holds.
	lookups  uint64
	children map[string]*node
	// gone is set when the name was taken from the node.
	gone bool
}

func newNames() *names {
	root := &node{id: fuse.FUSE_ROOT_ID, lookups: 1, children: map[string]*node{}}
	return &names{last: fuse.FUSE_ROOT_ID, nodes: map[uint64]*node{fuse.FUSE_ROOT_ID: root}}
}

// path gives the present path of a node; false when its name was deleted on this host.
func (n *names) path(id uint64) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.pathOf(n.nodes[id])
}

// childPath gives the path of a name in a directory.
func (n *names) childPath(parent uint64, name string) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	dir, ok := n.pathOf(n.nodes[parent])
	return join(dir, name), ok
}

// lookup gives the number of a name and counts that the kernel holds it.
func (n *names) lookup(parent uint64, name string) uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	dir := n.nodes[parent]
	child, ok := dir.children[name]
	if !ok {
		n.last++
		child = &node{id: n.last, parent: dir, name: name, children: map[string]*node{}}
		n.nodes[child.id] = child
		dir.children[name] = child
	}
	child.lookups++
	return child.id
}

// forget drops what the kernel no longer holds.
func (n *names) forget(id, count uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	known, ok := n.nodes[id]
	if !ok || id == fuse.FUSE_ROOT_ID {
		return
	}
	known.lookups -= min(count, known.lookups)
	n.release(known)
}

// remove takes the name from its node after a deletion.
func (n *names) remove(parent uint64, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if child, ok := n.nodes[parent].children[name]; ok {
		n.unlink(child)
	}
}

// rename moves a node to its new name; what stood there loses it.
func (n *names) rename(fromParent uint64, from string, toParent uint64, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	target := n.nodes[toParent]
	if replaced, ok := target.children[to]; ok {
		n.unlink(replaced)
	}
	child, ok := n.nodes[fromParent].children[from]
	if !ok {
		return
	}
	delete(child.parent.children, child.name)
	child.parent, child.name = target, to
	target.children[to] = child
}

func (n *names) unlink(child *node) {
	delete(child.parent.children, child.name)
	child.gone = true
	n.release(child)
}

// release forgets a node that neither the kernel nor a child holds, then its parent likewise.
func (n *names) release(known *node) {
	for known.id != fuse.FUSE_ROOT_ID && known.lookups == 0 && len(known.children) == 0 {
		delete(n.nodes, known.id)
		if known.parent.children[known.name] == known {
			delete(known.parent.children, known.name)
		}
		known = known.parent
	}
}

func (n *names) pathOf(known *node) (string, bool) {
	path := ""
	for ; known != nil && known.id != fuse.FUSE_ROOT_ID; known = known.parent {
		if known.gone {
			return "", false
		}
		path = join(known.name, path)
	}
	return path, known != nil
}

func join(dir, name string) string {
	switch {
	case dir == "":
		return name
	case name == "":
		return dir
	}
	return dir + "/" + name
}
