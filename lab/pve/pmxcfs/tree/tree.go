// Package tree holds the content of /etc/pve in memory and changes it by operations. It does no I/O:
// the same operations in the same order give the same tree on every member.
package tree

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"syscall"
)

// Limits of the real file system (proxmox.md 2).
const (
	MaxFileBytes  = 1 << 20
	MaxTotalBytes = 128 << 20
	MaxInodes     = 256 << 10
)

// RootInode is the inode of the root directory; its row also carries the version of the whole database.
const RootInode uint64 = 0

// Entry is one file or directory, a row of the database's table.
type Entry struct {
	Inode   uint64 `cbor:"1,keyasint"`
	Parent  uint64 `cbor:"2,keyasint"`
	Version uint64 `cbor:"3,keyasint"`
	// Writer is the node id of the member that made the last change, 0 in local mode.
	Writer uint32 `cbor:"4,keyasint"`
	// Mtime is in seconds since the epoch, by the clock of the writer.
	Mtime uint32 `cbor:"5,keyasint"`
	Dir   bool   `cbor:"6,keyasint"`
	Name  string `cbor:"7,keyasint"`
	// Data is never changed in place: who holds an Entry may keep its Data.
	Data []byte `cbor:"8,keyasint,omitempty"`
}

// Tree is the content of the file system. Not safe for concurrent use.
type Tree struct {
	entries  map[uint64]*Entry
	children map[uint64]map[string]*Entry
	bytes    int
}

// New makes an empty tree: a root directory at version 1.
func New(mtime uint32) *Tree {
	return Load([]Entry{{Inode: RootInode, Version: 1, Mtime: mtime, Dir: true}})
}

// Load makes a tree of rows, in any order. A missing root row is made.
func Load(rows []Entry) *Tree {
	t := &Tree{entries: map[uint64]*Entry{}, children: map[uint64]map[string]*Entry{}}
	t.add(&Entry{Inode: RootInode, Version: 1, Dir: true})
	for i := range rows {
		t.add(&rows[i])
	}
	return t
}

// Rows gives all entries sorted by inode, the root first.
func (t *Tree) Rows() []Entry {
	rows := make([]Entry, 0, len(t.entries))
	for _, inode := range slices.Sorted(maps.Keys(t.entries)) {
		rows = append(rows, *t.entries[inode])
	}
	return rows
}

// Version counts the changes ever made to the database.
func (t *Tree) Version() uint64 { return t.entries[RootInode].Version }

// Mtime is the time of the last change, in seconds.
func (t *Tree) Mtime() uint32 { return t.entries[RootInode].Mtime }

// Bytes is the size of all files together, Inodes their number with directories.
func (t *Tree) Bytes() int  { return t.bytes }
func (t *Tree) Inodes() int { return len(t.entries) }

// Lookup finds an entry by its path: names joined by '/', without a leading one; "" is the root.
func (t *Tree) Lookup(path string) (*Entry, syscall.Errno) {
	entry := t.entries[RootInode]
	if path == "" {
		return entry, 0
	}
	for name := range strings.SplitSeq(path, "/") {
		if !entry.Dir {
			return nil, syscall.ENOTDIR
		}
		next, ok := t.children[entry.Inode][name]
		if !ok {
			return nil, syscall.ENOENT
		}
		entry = next
	}
	return entry, 0
}

// Children lists a directory, sorted by name.
func (t *Tree) Children(dir *Entry) []*Entry {
	return slices.SortedFunc(maps.Values(t.children[dir.Inode]), func(a, b *Entry) int {
		return strings.Compare(a.Name, b.Name)
	})
}

// Digest identifies the whole content, metadata included: equal on two members only if all rows are equal.
func (t *Tree) Digest() string {
	hash := sha256.New()
	for _, row := range t.Rows() {
		head := make([]byte, 0, 64)
		head = binary.BigEndian.AppendUint64(head, row.Inode)
		head = binary.BigEndian.AppendUint64(head, row.Parent)
		head = binary.BigEndian.AppendUint64(head, row.Version)
		head = binary.BigEndian.AppendUint32(head, row.Writer)
		head = binary.BigEndian.AppendUint32(head, row.Mtime)
		head = binary.BigEndian.AppendUint64(head, uint64(len(row.Name)))
		head = binary.BigEndian.AppendUint64(head, uint64(len(row.Data)))
		if row.Dir {
			head = append(head, 1)
		}
		hash.Write(head)
		hash.Write([]byte(row.Name))
		hash.Write(row.Data)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func (t *Tree) add(entry *Entry) {
	if old, ok := t.entries[entry.Inode]; ok {
		t.drop(old)
	}
	t.entries[entry.Inode] = entry
	t.bytes += len(entry.Data)
	if entry.Dir && t.children[entry.Inode] == nil {
		t.children[entry.Inode] = map[string]*Entry{}
	}
	if entry.Inode == RootInode {
		return
	}
	if t.children[entry.Parent] == nil {
		t.children[entry.Parent] = map[string]*Entry{}
	}
	t.children[entry.Parent][entry.Name] = entry
}

// drop takes an entry out of the maps; the children of a directory stay known under its inode.
func (t *Tree) drop(entry *Entry) {
	t.bytes -= len(entry.Data)
	delete(t.entries, entry.Inode)
	if siblings := t.children[entry.Parent]; entry.Inode != RootInode && siblings[entry.Name] == entry {
		delete(siblings, entry.Name)
	}
}
