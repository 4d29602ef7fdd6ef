package corosync

// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"context"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

// Config is what corosync says of its configuration: not of the file, but of what it runs with.
type Config struct {
	ClusterName string
	Version     uint64
	Nodes       []Node
}

// Node is one entry of the node list.
type Node struct {
	ID   uint32
	Name string
}

var configWatchers sync.Map // of chan struct{}, by handle.

// WatchConfig calls back at once and after every reload, until the connection breaks or ctx ends.
func WatchConfig(ctx context.Context, changed func(Config)) error {
	var handle C.cmap_handle_t
	if err := check("cmap_initialize", C.cmap_initialize(&handle)); err != nil {
		return err
	}
	dirty := make(chan struct{}, 1)
	dirty <- struct{}{}
	configWatchers.Store(handle, dirty)
	defer func() {
		configWatchers.Delete(handle)
		C.cmap_finalize(handle)
	}()
	var fd C.int
	if err := check("cmap_fd_get", C.cmap_fd_get(handle, &fd)); err != nil {
		return err
	}
	// The second tells the end of a reload, when the whole node list is in place.
	for _, key := range []string{"totem.config_version", "config.reload_in_progress"} {
		name := C.CString(key)
		var track C.cmap_track_handle_t
		err := check("cmap_track_add", C.glue_cmap_track(handle, name, &track))
		C.free(unsafe.Pointer(name))
		if err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		select {
		case <-dirty:
			changed(readConfig(handle))
		default:
		}
		if err := waitReadable(time.Second, int(fd)); err != nil {
			return err
		}
		if err := check("cmap_dispatch", C.cmap_dispatch(handle, C.CS_DISPATCH_ALL)); err != nil && err != ErrTryAgain {
			return err
		}
	}
	return nil
}

// maxNodes of a corosync cluster is far below; node indexes have gaps after a removal.
const maxNodes = 128

func readConfig(handle C.cmap_handle_t) Config {
	config := Config{ClusterName: readString(handle, "totem.cluster_name")}
	name := C.CString("totem.config_version")
	defer C.free(unsafe.Pointer(name))
	var version C.uint64_t
	if C.cmap_get_uint64(handle, name, &version) == C.CS_OK {
		config.Version = uint64(version)
	}
	for index := range maxNodes {
		prefix := "nodelist.node." + strconv.Itoa(index) + "."
		key := C.CString(prefix + "nodeid")
		var id C.uint32_t
		found := C.cmap_get_uint32(handle, key, &id) == C.CS_OK
		C.free(unsafe.Pointer(key))
		if found {
			config.Nodes = append(config.Nodes, Node{ID: uint32(id), Name: readString(handle, prefix+"name")})
		}
	}
	return config
}

func readString(handle C.cmap_handle_t, key string) string {
	name := C.CString(key)
	defer C.free(unsafe.Pointer(name))
	var value *C.char
	if C.cmap_get_string(handle, name, &value) != C.CS_OK {
		return ""
	}
	defer C.free(unsafe.Pointer(value))
	return C.GoString(value)
}

//export goConfigChanged
func goConfigChanged(handle C.cmap_handle_t) {
	if dirty, ok := configWatchers.Load(handle); ok {
		select {
		case dirty.(chan struct{}) <- struct{}{}:
		default:
		}
	}
}
