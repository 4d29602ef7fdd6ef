package corosync

// #include <stdlib.h>
// #include <string.h>
// #include "glue.h"
import "C"

import (
	"fmt"
	"sync"
	"time"
	"unsafe"
)

// Address is one process in a group.
type Address struct{ Node, Process uint32 }

// Events hears what happens in a group, in the order in which every member hears it. Called by Dispatch.
type Events interface {
	Deliver(from Address, payload []byte)
	Configure(members []Address)
	// Ring tells the sequence number of the ring that the next membership belongs to.
	Ring(sequence uint64)
}

// Group is a connection to corosync as a member of one group. For one goroutine.
type Group struct {
	handle C.cpg_handle_t
	fd     int
	events Events
}

var groups sync.Map // of *Group, by handle: C gets no pointer into Go.

// Join connects to corosync and enters the group. It waits at most 10 s while a membership forms.
func Join(name string, events Events) (*Group, error) {
	g := &Group{events: events}
	if err := check("cpg_initialize", C.glue_cpg_initialize(&g.handle)); err != nil {
		return nil, err
	}
	groups.Store(g.handle, g)
	var fd C.int
	if err := check("cpg_fd_get", C.cpg_fd_get(g.handle, &fd)); err != nil {
		g.Close()
		return nil, err
	}
	g.fd = int(fd)
	var group C.struct_cpg_name
	group.length = C.uint32_t(len(name))
	for i := range name {
		group.value[i] = C.char(name[i])
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		err := check("cpg_join", C.cpg_join(g.handle, &group))
		if err == nil {
			return g, nil
		}
		if err != ErrTryAgain || time.Now().After(deadline) {
			g.Close()
			return nil, err
		}
	}
}

// LocalNode gives this host's node id.
func (g *Group) LocalNode() (uint32, error) {
	var node C.uint
	err := check("cpg_local_get", C.cpg_local_get(g.handle, &node))
	return uint32(node), err
}

// Send sends a message to all members, this one included, or gives ErrTryAgain.
func (g *Group) Send(payload []byte) error {
	copied := C.CBytes(payload)
	defer C.free(copied)
	return check("cpg_mcast_joined", C.glue_cpg_send(g.handle, copied, C.size_t(len(payload))))
}

// Wait sleeps until there is something to dispatch, `other` is readable, or the time is over.
func (g *Group) Wait(timeout time.Duration, other int) error {
	return waitReadable(timeout, g.fd, other)
}

// Dispatch calls Events for all that has arrived.
func (g *Group) Dispatch() error {
	err := check("cpg_dispatch", C.cpg_dispatch(g.handle, C.CS_DISPATCH_ALL))
	if err == ErrTryAgain {
		return nil
	}
	return err
}

// Close leaves the group.
func (g *Group) Close() {
	groups.Delete(g.handle)
	C.cpg_finalize(g.handle)
}

func find(handle C.cpg_handle_t) *Group {
	value, ok := groups.Load(handle)
	if !ok {
		panic(fmt.Sprintf("corosync called back for a closed group %d", handle))
	}
	return value.(*Group)
}

//export goDeliver
func goDeliver(handle C.cpg_handle_t, node, process C.uint32_t, payload unsafe.Pointer, length C.size_t) {
	find(handle).events.Deliver(Address{uint32(node), uint32(process)}, C.GoBytes(payload, C.int(length)))
}

//export goConfigure
func goConfigure(handle C.cpg_handle_t, members *C.struct_cpg_address, count C.size_t) {
	addresses := make([]Address, 0, count)
	for _, member := range unsafe.Slice(members, count) {
		addresses = append(addresses, Address{uint32(member.nodeid), uint32(member.pid)})
	}
	find(handle).events.Configure(addresses)
}

//export goRing
func goRing(handle C.cpg_handle_t, sequence C.uint64_t) {
	find(handle).events.Ring(uint64(sequence))
}
