package tree

import (
	"strconv"
	"strings"
)

// Guest is a virtual machine or container, known by its configuration file.
type Guest struct {
	ID      uint32
	Node    string
	Type    string // "qemu" or "lxc"
	Version uint64
}

// Guests lists the guests of all nodes, by node, then by folder, then by file name.
func (t *Tree) Guests() []Guest {
	var guests []Guest
	nodes, errno := t.Lookup("nodes")
	if errno != 0 {
		return nil
	}
	for _, node := range t.Children(nodes) {
		for _, folder := range []string{"qemu-server", "lxc"} {
			dir, ok := t.children[node.Inode][folder]
			if !ok {
				continue
			}
			for _, file := range t.Children(dir) {
				path := "nodes/" + node.Name + "/" + folder + "/" + file.Name
				if guest, ok := guestOf(path); ok && !file.Dir {
					guest.Version = file.Version
					guests = append(guests, guest)
				}
			}
		}
	}
	return guests
}

// guestElsewhere tells whether the guest that path would make exists already under another path than
// from: a guest's number is unique in the cluster.
func (t *Tree) guestElsewhere(path, from string) bool {
	guest, ok := guestOf(path)
	if !ok {
		return false
	}
	name := strconv.FormatUint(uint64(guest.ID), 10) + ".conf"
	nodes, errno := t.Lookup("nodes")
	if errno != 0 {
		return false
	}
	for node := range t.children[nodes.Inode] {
		for _, folder := range []string{"qemu-server", "lxc"} {
			other := "nodes/" + node + "/" + folder + "/" + name
			if other == path || other == from {
				continue
			}
			if _, errno := t.Lookup(other); errno == 0 {
				return true
			}
		}
	}
	return false
}

// guestOf reads nodes/NODE/{qemu-server,lxc}/VMID.conf.
func guestOf(path string) (Guest, bool) {
	parts := strings.Split(path, "/")
	if len(parts) != 4 || parts[0] != "nodes" {
		return Guest{}, false
	}
	types := map[string]string{"qemu-server": "qemu", "lxc": "lxc"}
	kind, ok := types[parts[2]]
	number, isConf := strings.CutSuffix(parts[3], ".conf")
	id, err := strconv.ParseUint(number, 10, 32)
	if !ok || !isConf || err != nil || strconv.FormatUint(id, 10) != number {
		return Guest{}, false
	}
	return Guest{ID: uint32(id), Node: parts[1], Type: kind}, true
}
