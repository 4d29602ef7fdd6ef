// Hangfs mounts a FUSE file system at its argument, in which reading the file "hang" never ends: not by a
// signal either, once the request is out. What a power cut must be able to end.
package main

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

type file struct{ fs.Inode }

var _ = (fs.NodeOpener)((*file)(nil))

func (*file) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	select {}
}

type root struct{ fs.Inode }

var _ = (fs.NodeOnAdder)((*root)(nil))

func (r *root) OnAdd(ctx context.Context) {
	r.AddChild("hang", r.NewPersistentInode(ctx, &file{}, fs.StableAttr{Mode: fuse.S_IFREG}), false)
}

func main() {
	server, err := fs.Mount(os.Args[1], &root{}, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server.Wait()
}
