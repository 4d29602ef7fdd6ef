package tree

import "syscall"

// edit is one operation on its way into the tree.
type edit struct {
	tree    *Tree
	op      Op
	writer  uint32
	version uint64
	change  Change
}

func (e *edit) create() (Change, syscall.Errno) {
	parentPath, name := splitPath(e.op.Path)
	parent, errno := e.tree.Lookup(parentPath)
	if errno != 0 {
		return Change{}, errno
	}
	if !parent.Dir {
		return Change{}, syscall.ENOTDIR
	}
	if _, errno := e.tree.Lookup(e.op.Path); errno == 0 {
		return Change{}, syscall.EEXIST
	}
	if e.tree.guestElsewhere(e.op.Path, "") {
		return Change{}, syscall.EEXIST
	}
	if e.tree.Inodes() >= MaxInodes {
		return Change{}, syscall.ENOSPC
	}
	e.put(Entry{
		Inode:  e.version,
		Parent: parent.Inode,
		Dir:    e.op.Kind == Mkdir,
		Name:   name,
	}, e.op.Path)
	e.touch(parent)
	return e.done()
}

func (e *edit) write() (Change, syscall.Errno) {
	entry, errno := e.tree.Lookup(e.op.Path)
	if errno != 0 {
		return Change{}, errno
	}
	if entry.Dir {
		return Change{}, syscall.EISDIR
	}
	end := int(e.op.Offset) + len(e.op.Data)
	size := max(end, len(entry.Data))
	if e.op.Truncate {
		size = end
	}
	if size > MaxFileBytes {
		return Change{}, syscall.EFBIG
	}
	if e.tree.bytes+size-len(entry.Data) > MaxTotalBytes {
		return Change{}, syscall.ENOSPC
	}
	data := make([]byte, size)
	copy(data, entry.Data)
	copy(data[e.op.Offset:], e.op.Data)
	next := *entry
	next.Data = data
	e.put(next, e.op.Path)
	return e.done()
}

func (e *edit) remove() (Change, syscall.Errno) {
	entry, errno := e.tree.Lookup(e.op.Path)
	if errno != 0 {
		return Change{}, errno
	}
	if entry.Dir != e.op.Dir {
		if entry.Dir {
			return Change{}, syscall.EISDIR
		}
		return Change{}, syscall.ENOTDIR
	}
	return e.take(entry)
}

// unlock never fails: a lock that is gone, or was taken again meanwhile, needs nothing.
func (e *edit) unlock() (Change, syscall.Errno) {
	entry, errno := e.tree.Lookup(e.op.Path)
	if errno != 0 || !IsLock(e.op.Path) || entry.Version != e.op.Seen {
		return Change{}, 0
	}
	return e.take(entry)
}

func (e *edit) take(entry *Entry) (Change, syscall.Errno) {
	if entry.Dir && len(e.tree.children[entry.Inode]) > 0 {
		return Change{}, syscall.ENOTEMPTY
	}
	e.forget(entry, e.op.Path)
	e.touch(e.tree.entries[entry.Parent])
	return e.done()
}

func (e *edit) rename() (Change, syscall.Errno) {
	if errno := checkPath(e.op.To); errno != 0 {
		return Change{}, errno
	}
	entry, errno := e.tree.Lookup(e.op.Path)
	if errno != 0 {
		return Change{}, errno
	}
	parentPath, name := splitPath(e.op.To)
	parent, errno := e.tree.Lookup(parentPath)
	if errno != 0 {
		return Change{}, errno
	}
	if !parent.Dir {
		return Change{}, syscall.ENOTDIR
	}
	if e.tree.isInside(parent, entry) {
		return Change{}, syscall.EINVAL
	}
	if e.tree.guestElsewhere(e.op.To, e.op.Path) {
		return Change{}, syscall.EEXIST
	}
	if target, errno := e.tree.Lookup(e.op.To); errno == 0 {
		if target == entry {
			return Change{}, 0
		}
		if errno := e.tree.mayReplace(target, entry); errno != 0 {
			return Change{}, errno
		}
		e.forget(target, e.op.To)
	}
	from := e.tree.entries[entry.Parent]
	next := *entry
	next.Parent, next.Name = parent.Inode, name
	e.put(next, e.op.Path, e.op.To)
	e.touch(from)
	if parent != from {
		e.touch(parent)
	}
	return e.done()
}

func (e *edit) setMtime() (Change, syscall.Errno) {
	entry, errno := e.tree.Lookup(e.op.Path)
	if errno != 0 {
		return Change{}, errno
	}
	// A lock is renewed by its holder alone.
	if IsLock(e.op.Path) && entry.Writer != e.writer {
		return Change{}, syscall.EACCES
	}
	e.put(*entry, e.op.Path)
	return e.done()
}

func (e *edit) put(entry Entry, paths ...string) {
	entry.Version, entry.Writer, entry.Mtime = e.version, e.writer, e.op.Mtime
	e.tree.add(&entry)
	e.change.Put = append(e.change.Put, entry)
	e.change.Paths = append(e.change.Paths, paths...)
}

func (e *edit) forget(entry *Entry, path string) {
	e.tree.drop(entry)
	delete(e.tree.children, entry.Inode)
	e.change.Delete = append(e.change.Delete, entry.Inode)
	e.change.Paths = append(e.change.Paths, path)
}

// touch dates a directory whose list of names changed; a lock's holder stays its writer.
func (e *edit) touch(dir *Entry) {
	if dir.Inode == RootInode {
		return
	}
	next := *dir
	next.Mtime = e.op.Mtime
	e.tree.add(&next)
	e.change.Put = append(e.change.Put, next)
}

// done raises the version of the database, which the root's row carries.
func (e *edit) done() (Change, syscall.Errno) {
	root := *e.tree.entries[RootInode]
	root.Version, root.Writer, root.Mtime = e.version, e.writer, e.op.Mtime
	e.tree.add(&root)
	e.change.Put = append(e.change.Put, root)
	return e.change, 0
}

func (t *Tree) mayReplace(target, entry *Entry) syscall.Errno {
	switch {
	case target.Dir && !entry.Dir:
		return syscall.EISDIR
	case !target.Dir && entry.Dir:
		return syscall.ENOTDIR
	case target.Dir && len(t.children[target.Inode]) > 0:
		return syscall.ENOTEMPTY
	}
	return 0
}

func (t *Tree) isInside(dir, ancestor *Entry) bool {
	for dir != ancestor {
		if dir.Inode == RootInode {
			return false
		}
		dir = t.entries[dir.Parent]
	}
	return true
}
