package mount

import (
	"slices"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"tailmox.lab/pve/pmxcfs/tree"
)

// timeout is how long the kernel may trust a name or an attribute: libfuse's default, which lets a host
// believe for a second in a file that another one deleted (proxmox.md 2.1).
const timeout = time.Second

// item is what stands at a path: an entry of the tree, a link, or a virtual file.
type item struct {
	mode  uint32
	size  uint64
	mtime uint32
	data  []byte
}

func (f *fileSystem) find(path string) (item, syscall.Errno) {
	if _, ok := f.links[path]; ok {
		mode := uint32(0o755)
		if !f.files.Writable() {
			mode = 0o555
		}
		return item{mode: syscall.S_IFLNK | mode}, 0
	}
	if data, ok := f.files.Virtual(path); ok {
		return item{mode: syscall.S_IFREG | 0o440, size: uint64(len(data)), data: data}, 0
	}
	writable := f.files.Writable()
	var found item
	var errno syscall.Errno
	f.files.View(func(t *tree.Tree) {
		var entry *tree.Entry
		if entry, errno = t.Lookup(path); errno != 0 {
			return
		}
		found = item{mode: tree.Permissions(path, entry.Dir, writable), mtime: entry.Mtime, data: entry.Data}
		if entry.Dir {
			found.mode |= syscall.S_IFDIR
		} else {
			found.mode |= syscall.S_IFREG
			found.size = uint64(len(entry.Data))
		}
	})
	return found, errno
}

// fixed tells whether a path is none of the tree's: a link or a virtual file, which nobody changes.
func (f *fileSystem) fixed(path string) bool {
	if _, ok := f.links[path]; ok {
		return true
	}
	return slices.Contains(f.files.VirtualNames(), path)
}

func (f *fileSystem) fillAttr(out *fuse.Attr, id uint64, found item) {
	*out = fuse.Attr{
		Ino:     id,
		Size:    found.size,
		Blocks:  (found.size + 511) / 512,
		Blksize: 4096,
		Mode:    found.mode,
		Nlink:   1,
		Owner:   fuse.Owner{Uid: 0, Gid: f.group},
		Atime:   uint64(found.mtime),
		Mtime:   uint64(found.mtime),
		Ctime:   uint64(found.mtime),
	}
	if found.mode&syscall.S_IFMT == syscall.S_IFDIR {
		out.Nlink = 2
	}
}

func (f *fileSystem) fillEntry(out *fuse.EntryOut, parent uint64, name string, found item) {
	out.NodeId = f.names.lookup(parent, name)
	out.Generation = 1
	out.SetEntryTimeout(timeout)
	out.SetAttrTimeout(timeout)
	f.fillAttr(&out.Attr, out.NodeId, found)
}

func (f *fileSystem) Lookup(_ <-chan struct{}, header *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	path, ok := f.names.childPath(header.NodeId, name)
	if !ok {
		return fuse.ENOENT
	}
	found, errno := f.find(path)
	if errno != 0 {
		return fuse.Status(errno)
	}
	f.fillEntry(out, header.NodeId, name, found)
	return fuse.OK
}

func (f *fileSystem) Forget(id, count uint64) { f.names.forget(id, count) }

func (f *fileSystem) GetAttr(_ <-chan struct{}, input *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	path, ok := f.names.path(input.NodeId)
	if !ok {
		return fuse.ENOENT
	}
	found, errno := f.find(path)
	if errno != 0 {
		return fuse.Status(errno)
	}
	out.SetTimeout(timeout)
	f.fillAttr(&out.Attr, input.NodeId, found)
	return fuse.OK
}

func (f *fileSystem) SetAttr(cancel <-chan struct{}, input *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	path, ok := f.names.path(input.NodeId)
	if !ok {
		return fuse.ENOENT
	}
	found, errno := f.find(path)
	if errno == 0 {
		errno = f.setAttr(input, path, found)
	}
	if errno != 0 {
		return fuse.Status(errno)
	}
	return f.GetAttr(cancel, &fuse.GetAttrIn{InHeader: input.InHeader}, out)
}

// setAttr allows what changes nothing about owner and mode (proxmox.md 2), a new size and a new mtime.
func (f *fileSystem) setAttr(input *fuse.SetAttrIn, path string, found item) syscall.Errno {
	if mode, ok := input.GetMode(); ok {
		writable := tree.Permissions(path, found.mode&syscall.S_IFMT == syscall.S_IFDIR, true)
		if f.fixed(path) || mode&0o7777 != writable {
			return syscall.EPERM
		}
	}
	uid, setsUser := input.GetUID()
	gid, setsGroup := input.GetGID()
	if setsUser && uid != 0 || setsGroup && gid != f.group {
		return syscall.EPERM
	}
	size, setsSize := input.GetSize()
	mtime, setsMtime := input.GetMTime()
	switch {
	case !setsSize && !setsMtime:
		return 0
	case f.fixed(path):
		return syscall.EACCES
	case setsSize && size > tree.MaxFileBytes:
		return syscall.EFBIG
	case setsSize:
		return f.do(tree.Op{Kind: tree.Write, Path: path, Offset: uint32(size), Truncate: true})
	}
	if mtime.Unix() == 0 && tree.IsLock(path) {
		f.files.RequestUnlock(path)
		return 0
	}
	return f.files.Do(tree.Op{Kind: tree.SetMtime, Path: path, Mtime: uint32(mtime.Unix())})
}

func (f *fileSystem) Readlink(_ <-chan struct{}, header *fuse.InHeader) ([]byte, fuse.Status) {
	path, ok := f.names.path(header.NodeId)
	target, isLink := f.links[path]
	if !ok || !isLink {
		return nil, fuse.EINVAL
	}
	return []byte(target), fuse.OK
}

func (f *fileSystem) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	var used, inodes int
	f.files.View(func(t *tree.Tree) { used, inodes = t.Bytes(), t.Inodes() })
	const block = 4096
	free := uint64(tree.MaxTotalBytes-used) / block
	*out = fuse.StatfsOut{
		Blocks: tree.MaxTotalBytes / block, Bfree: free, Bavail: free,
		Files: tree.MaxInodes, Ffree: uint64(tree.MaxInodes - inodes),
		Bsize: block, Frsize: block, NameLen: 255,
	}
	return fuse.OK
}
