package mount

import (
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"tailmox.lab/pve/pmxcfs/tree"
)

// fileSystem answers the kernel. Interrupts are not taken up: as with libfuse's default, a change that was
// sent is waited for.
type fileSystem struct {
	fuse.RawFileSystem
	files   Files
	names   *names
	handles *handles
	links   map[string]string
	group   uint32
	started time.Time
}

func (f *fileSystem) String() string { return "pmxcfs" }

// do dates a change and makes it.
func (f *fileSystem) do(op tree.Op) syscall.Errno {
	op.Mtime = uint32(time.Now().Unix())
	return f.files.Do(op)
}

func (f *fileSystem) Mkdir(_ <-chan struct{}, input *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	return f.make(tree.Mkdir, input.NodeId, name, out)
}

func (f *fileSystem) Mknod(_ <-chan struct{}, input *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	if input.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return fuse.EPERM
	}
	return f.make(tree.Create, input.NodeId, name, out)
}

func (f *fileSystem) Create(_ <-chan struct{}, input *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	return f.make(tree.Create, input.NodeId, name, &out.EntryOut)
}

func (f *fileSystem) Link(<-chan struct{}, *fuse.LinkIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (f *fileSystem) Symlink(<-chan struct{}, *fuse.InHeader, string, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (f *fileSystem) Unlink(_ <-chan struct{}, header *fuse.InHeader, name string) fuse.Status {
	return f.remove(header.NodeId, name, false)
}

func (f *fileSystem) Rmdir(_ <-chan struct{}, header *fuse.InHeader, name string) fuse.Status {
	return f.remove(header.NodeId, name, true)
}

func (f *fileSystem) Rename(_ <-chan struct{}, input *fuse.RenameIn, name, newName string) fuse.Status {
	from, known := f.names.childPath(input.NodeId, name)
	to, knownTo := f.names.childPath(input.Newdir, newName)
	switch {
	case !known || !knownTo:
		return fuse.ENOENT
	case input.Flags&unix.RENAME_EXCHANGE != 0:
		return fuse.EINVAL
	case f.fixed(from) || f.fixed(to):
		return fuse.EACCES
	}
	if input.Flags&unix.RENAME_NOREPLACE != 0 {
		if _, errno := f.find(to); errno == 0 {
			return fuse.Status(syscall.EEXIST)
		}
	}
	if errno := f.do(tree.Op{Kind: tree.Rename, Path: from, To: to}); errno != 0 {
		return fuse.Status(errno)
	}
	f.names.rename(input.NodeId, name, input.Newdir, newName)
	return fuse.OK
}

func (f *fileSystem) make(kind tree.Kind, parent uint64, name string, out *fuse.EntryOut) fuse.Status {
	path, ok := f.names.childPath(parent, name)
	if !ok {
		return fuse.ENOENT
	}
	if f.fixed(path) {
		return fuse.Status(syscall.EEXIST)
	}
	if errno := f.do(tree.Op{Kind: kind, Path: path}); errno != 0 {
		return fuse.Status(errno)
	}
	found, errno := f.find(path)
	if errno != 0 {
		return fuse.Status(errno)
	}
	f.fillEntry(out, parent, name, found)
	return fuse.OK
}

func (f *fileSystem) remove(parent uint64, name string, dir bool) fuse.Status {
	path, ok := f.names.childPath(parent, name)
	if !ok {
		return fuse.ENOENT
	}
	if f.fixed(path) {
		return fuse.EACCES
	}
	if errno := f.do(tree.Op{Kind: tree.Remove, Path: path, Dir: dir}); errno != 0 {
		return fuse.Status(errno)
	}
	f.names.remove(parent, name)
	return fuse.OK
}
