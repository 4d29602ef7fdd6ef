package mount

import (
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"tailmox.lab/pve/pmxcfs/tree"
)

// handles keep what must not change while it is open: a virtual file's content, a directory's list.
type handles struct {
	mu    sync.Mutex
	last  uint64
	data  map[uint64][]byte
	lists map[uint64][]fuse.DirEntry
}

func newHandles() *handles {
	return &handles{data: map[uint64][]byte{}, lists: map[uint64][]fuse.DirEntry{}}
}

func (h *handles) keepData(data []byte) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	h.data[h.last] = data
	return h.last
}

func (h *handles) keepList(list []fuse.DirEntry) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	h.lists[h.last] = list
	return h.last
}

func (h *handles) dataOf(handle uint64) ([]byte, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	data, ok := h.data[handle]
	return data, ok
}

func (h *handles) listOf(handle uint64) []fuse.DirEntry {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lists[handle]
}

func (h *handles) release(handle uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.data, handle)
	delete(h.lists, handle)
}

func (f *fileSystem) Open(_ <-chan struct{}, input *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	path, ok := f.names.path(input.NodeId)
	if !ok {
		return fuse.ENOENT
	}
	found, errno := f.find(path)
	if errno != 0 {
		return fuse.Status(errno)
	}
	writes := input.Flags&syscall.O_ACCMODE != syscall.O_RDONLY
	if f.fixed(path) {
		if writes {
			return fuse.EACCES
		}
		// Past the page cache: its size changes without anybody telling the kernel.
		out.Fh = f.handles.keepData(found.data)
		out.OpenFlags = fuse.FOPEN_DIRECT_IO
		return fuse.OK
	}
	if writes && !f.files.Writable() {
		return fuse.EACCES
	}
	return fuse.OK
}

func (f *fileSystem) Read(_ <-chan struct{}, input *fuse.ReadIn, buffer []byte) (fuse.ReadResult, fuse.Status) {
	data, ok := f.handles.dataOf(input.Fh)
	if !ok {
		path, known := f.names.path(input.NodeId)
		if !known {
			return nil, fuse.ENOENT
		}
		found, errno := f.find(path)
		if errno != 0 {
			return nil, fuse.Status(errno)
		}
		data = found.data
	}
	start := min(input.Offset, uint64(len(data)))
	end := min(start+uint64(len(buffer)), uint64(len(data)))
	return fuse.ReadResultData(data[start:end]), fuse.OK
}

func (f *fileSystem) Write(_ <-chan struct{}, input *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	path, ok := f.names.path(input.NodeId)
	if !ok {
		return 0, fuse.ENOENT
	}
	if input.Offset+uint64(len(data)) > tree.MaxFileBytes {
		return 0, fuse.Status(syscall.EFBIG)
	}
	// The kernel's buffer is reused after the answer, which may come before ours (Driver's answerTimeout).
	copied := append([]byte(nil), data...)
	errno := f.do(tree.Op{Kind: tree.Write, Path: path, Offset: uint32(input.Offset), Data: copied})
	if errno != 0 {
		return 0, fuse.Status(errno)
	}
	return uint32(len(data)), fuse.OK
}

// Flush and Fsync have nothing to do: what Write answered is on disk.
func (f *fileSystem) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK }

func (f *fileSystem) Fsync(<-chan struct{}, *fuse.FsyncIn) fuse.Status { return fuse.OK }

func (f *fileSystem) FsyncDir(<-chan struct{}, *fuse.FsyncIn) fuse.Status { return fuse.OK }

func (f *fileSystem) Release(_ <-chan struct{}, input *fuse.ReleaseIn) { f.handles.release(input.Fh) }

func (f *fileSystem) ReleaseDir(input *fuse.ReleaseIn) { f.handles.release(input.Fh) }

func (f *fileSystem) OpenDir(_ <-chan struct{}, input *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	path, ok := f.names.path(input.NodeId)
	if !ok {
		return fuse.ENOENT
	}
	list := []fuse.DirEntry{{Name: ".", Mode: syscall.S_IFDIR}, {Name: "..", Mode: syscall.S_IFDIR}}
	var errno syscall.Errno
	f.files.View(func(t *tree.Tree) {
		var dir *tree.Entry
		if dir, errno = t.Lookup(path); errno != 0 {
			return
		}
		for _, entry := range t.Children(dir) {
			mode := uint32(syscall.S_IFREG)
			if entry.Dir {
				mode = syscall.S_IFDIR
			}
			list = append(list, fuse.DirEntry{Name: entry.Name, Mode: mode})
		}
	})
	if errno != 0 {
		return fuse.Status(errno)
	}
	if path == "" {
		for name := range f.links {
			list = append(list, fuse.DirEntry{Name: name, Mode: syscall.S_IFLNK})
		}
		for _, name := range f.files.VirtualNames() {
			list = append(list, fuse.DirEntry{Name: name, Mode: syscall.S_IFREG})
		}
	}
	out.Fh = f.handles.keepList(list)
	return fuse.OK
}

func (f *fileSystem) ReadDir(_ <-chan struct{}, input *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	list := f.handles.listOf(input.Fh)
	for position := min(input.Offset, uint64(len(list))); position < uint64(len(list)); position++ {
		// The number is unknown to us until a lookup; 0 would hide the name.
		entry := list[position]
		entry.Ino = fuse.FUSE_UNKNOWN_INO
		if !out.AddDirEntry(entry) {
			break
		}
	}
	return fuse.OK
}
