package tree

import (
	"strings"
	"syscall"
)

// Kind says what an operation does.
type Kind uint8

const (
	Create Kind = iota + 1
	Mkdir
	Write
	Remove
	Rename
	SetMtime
	// Unlock removes a cluster lock's directory, if it is still the one that was looked at.
	Unlock
)

// Op is one change of the tree, the payload of one message to all members.
type Op struct {
	Kind Kind   `cbor:"1,keyasint"`
	Path string `cbor:"2,keyasint"`
	// To is the new path of a Rename.
	To string `cbor:"3,keyasint,omitempty"`
	// Offset, Data: what a Write puts where. Truncate cuts the file off after it.
	Offset   uint32 `cbor:"4,keyasint,omitempty"`
	Data     []byte `cbor:"5,keyasint,omitempty"`
	Truncate bool   `cbor:"6,keyasint,omitempty"`
	// Mtime of the change in seconds, by the clock of whoever asked for it.
	Mtime uint32 `cbor:"7,keyasint"`
	// Dir makes Remove take an empty directory instead of a file.
	Dir bool `cbor:"8,keyasint,omitempty"`
	// Seen is the version of the lock that an Unlock is meant for.
	Seen uint64 `cbor:"9,keyasint,omitempty"`
}

// Change lists what an operation did to the rows, and which paths now read differently.
type Change struct {
	Put    []Entry
	Delete []uint64
	Paths  []string
}

// Apply makes one change, or refuses it with an error number and changes nothing.
// writer is the node id of the member that asked.
func (t *Tree) Apply(op Op, writer uint32) (Change, syscall.Errno) {
	if errno := checkPath(op.Path); errno != 0 {
		return Change{}, errno
	}
	edit := edit{tree: t, op: op, writer: writer, version: t.Version() + 1}
	switch op.Kind {
	case Create, Mkdir:
		return edit.create()
	case Write:
		return edit.write()
	case Remove:
		return edit.remove()
	case Rename:
		return edit.rename()
	case SetMtime:
		return edit.setMtime()
	case Unlock:
		return edit.unlock()
	}
	return Change{}, syscall.ENOSYS
}

func checkPath(path string) syscall.Errno {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." || name == ".." {
			return syscall.EINVAL
		}
		if len(name) > 255 {
			return syscall.ENAMETOOLONG
		}
	}
	return 0
}

// splitPath gives the path of the parent directory and the last name.
func splitPath(path string) (parent, name string) {
	if cut := strings.LastIndexByte(path, '/'); cut >= 0 {
		return path[:cut], path[cut+1:]
	}
	return "", path
}
