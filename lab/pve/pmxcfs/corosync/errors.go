// Package corosync binds the little that is needed of corosync's C libraries: closed process groups (libcpg),
// quorum (libquorum) and the configuration map (libcmap).
package corosync

// #cgo LDFLAGS: -lcpg -lquorum -lcmap -lcorosync_common
// #include "glue.h"
import "C"

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// ErrTryAgain means that corosync takes no more at the moment: during a change of membership, or when its
// queue is full.
var ErrTryAgain = errors.New("CS_ERR_TRY_AGAIN")

// check turns a result into an error that reads like the real program's.
func check(call string, result C.cs_error_t) error {
	switch result {
	case C.CS_OK:
		return nil
	case C.CS_ERR_TRY_AGAIN:
		return ErrTryAgain
	case C.CS_ERR_LIBRARY:
		return fmt.Errorf("%s failed: CS_ERR_LIBRARY (failed to connect to corosync)", call)
	}
	return fmt.Errorf("%s failed: %s", call, C.GoString(C.cs_strerror(result)))
}

// waitReadable sleeps until a descriptor has something to read, or the time is over.
func waitReadable(timeout time.Duration, descriptors ...int) error {
	set := make([]unix.PollFd, len(descriptors))
	for i, fd := range descriptors {
		set[i] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	}
	_, err := unix.Poll(set, int(timeout.Milliseconds()))
	if errors.Is(err, unix.EINTR) {
		return nil
	}
	return err
}
