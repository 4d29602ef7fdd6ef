package corosync

// #include "glue.h"
import "C"

import (
	"context"
	"sync"
	"time"
)

// AskQuorate asks corosync whether this part of the cluster may act, at this moment. No answer means no.
func AskQuorate() bool {
	var handle C.quorum_handle_t
	if C.glue_quorum_initialize(&handle) != C.CS_OK {
		return false
	}
	defer C.quorum_finalize(handle)
	var quorate C.int
	return C.quorum_getquorate(handle, &quorate) == C.CS_OK && quorate != 0
}

var watchers sync.Map // of func(bool), by handle.

// WatchQuorum calls back at once and at every change, until the connection breaks or ctx ends.
func WatchQuorum(ctx context.Context, changed func(quorate bool)) error {
	var handle C.quorum_handle_t
	if err := check("quorum_initialize", C.glue_quorum_initialize(&handle)); err != nil {
		return err
	}
	watchers.Store(handle, changed)
	defer func() {
		watchers.Delete(handle)
		C.quorum_finalize(handle)
	}()
	var fd C.int
	if err := check("quorum_fd_get", C.quorum_fd_get(handle, &fd)); err != nil {
		return err
	}
	err := check("quorum_trackstart", C.quorum_trackstart(handle, C.CS_TRACK_CHANGES|C.CS_TRACK_CURRENT))
	for err == nil && ctx.Err() == nil {
		if err = waitReadable(time.Second, int(fd)); err != nil {
			break
		}
		err = check("quorum_dispatch", C.quorum_dispatch(handle, C.CS_DISPATCH_ALL))
		if err == ErrTryAgain {
			err = nil
		}
	}
	return err
}

//export goQuorum
func goQuorum(handle C.quorum_handle_t, quorate C.uint32_t) {
	if changed, ok := watchers.Load(handle); ok {
		changed.(func(bool))(quorate != 0)
	}
}
