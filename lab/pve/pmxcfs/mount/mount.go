// Package mount shows the files at /etc/pve through FUSE.
package mount

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"tailmox.lab/pve/pmxcfs/tree"
)

// Files is what the mount shows. Safe for concurrent use.
type Files interface {
	View(look func(*tree.Tree))
	// Do makes a change and waits until it stands.
	Do(op tree.Op) syscall.Errno
	RequestUnlock(path string)
	Writable() bool
	// Virtual gives the content of a file that is made on reading; false when there is none of that name.
	Virtual(name string) ([]byte, bool)
	VirtualNames() []string
}

// Mount is a mounted file system.
type Mount struct {
	path string
}

// Start mounts and serves until Stop. What a killed predecessor left at the place is taken away first.
func Start(path, nodeName string, group uint32, files Files) (*Mount, error) {
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return nil, fmt.Errorf("unmount '%s': %w", path, err)
	}
	system := &fileSystem{
		RawFileSystem: fuse.NewDefaultRawFileSystem(),
		files:         files,
		names:         newNames(),
		handles:       newHandles(),
		group:         group,
		started:       time.Now(),
		links: map[string]string{
			"local":       "nodes/" + nodeName,
			"qemu-server": "nodes/" + nodeName + "/qemu-server",
			"lxc":         "nodes/" + nodeName + "/lxc",
		},
	}
	device, err := attach(path)
	if err != nil {
		return nil, fmt.Errorf("fuse_mount error: %w", err)
	}
	server, err := fuse.NewServer(system, fmt.Sprintf("/dev/fd/%d", device), &fuse.MountOptions{
		DisableReadDirPlus: true,
		DisableXAttrs:      true,
	})
	if err != nil {
		return nil, fmt.Errorf("fuse error: %w", err)
	}
	go server.Serve()
	return &Mount{path: path}, server.WaitMount()
}

// attach mounts by hand: the library would call the file system's type fuse.NAME, where the real program's
// is just fuse. Gives the descriptor that the kernel sends its requests to.
func attach(path string) (device int, err error) {
	device, err = unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open /dev/fuse: %w", err)
	}
	data := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other", device)
	if err := unix.Mount("/dev/fuse", path, "fuse", unix.MS_NOSUID|unix.MS_NODEV, data); err != nil {
		return -1, errors.Join(fmt.Errorf("mount at '%s': %w", path, err), unix.Close(device))
	}
	return device, nil
}

// Stop unmounts; where somebody's working directory is inside, the place is freed all the same.
func (m *Mount) Stop() error {
	if err := unix.Unmount(m.path, 0); err == nil {
		return nil
	}
	return unix.Unmount(m.path, unix.MNT_DETACH)
}
