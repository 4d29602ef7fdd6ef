package tree

import "strings"

// IsPrivate tells whether only root may see a path: priv/ and nodes/*/priv/ with all below.
func IsPrivate(path string) bool {
	if within(path, "priv") {
		return true
	}
	parts := strings.SplitN(path, "/", 3)
	return len(parts) == 3 && parts[0] == "nodes" && within(parts[2], "priv")
}

// IsLock tells whether a path is a cluster lock: a directory straight below priv/lock.
func IsLock(path string) bool {
	name, ok := strings.CutPrefix(path, "priv/lock/")
	return ok && name != "" && !strings.Contains(name, "/")
}

// Permissions gives the permission bits of a path, which nobody can change (proxmox.md 2, 2.1):
// without quorum the write bits are gone everywhere but at the root directory.
func Permissions(path string, dir, writable bool) uint32 {
	switch {
	case path == "":
		return 0o755
	case IsPrivate(path):
		return pick(dir, writable, 0o700, 0o500, 0o600, 0o400)
	default:
		return pick(dir, writable, 0o755, 0o555, 0o640, 0o444)
	}
}

func pick(dir, writable bool, dirMode, dirReadOnly, fileMode, fileReadOnly uint32) uint32 {
	switch {
	case dir && writable:
		return dirMode
	case dir:
		return dirReadOnly
	case writable:
		return fileMode
	}
	return fileReadOnly
}

func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}
