// Cells is what the proofs need of bare corosync processes, many at once and without machines:
//
//	cells run ROOT DIR NAME
//
// becomes corosync on the Debian root ROOT, which it cannot write to; DIR/etc is its /etc/corosync, DIR/state its
// /var/lib/corosync, and /run and the host's NAME are its own.
//
//	cells write -for 60s -pause 1s
//
// joins a group of the corosync in this network namespace and sends message after message, each after the one
// before was delivered here and a pause of that mean. When it ends it prints one line of JSON.
package main

import (
	"fmt"
	"os"
	"runtime"
)

// Mount namespaces and exec concern the calling thread: it must stay the first one.
func init() { runtime.LockOSThread() }

func main() {
	if err := cells(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cells:", err)
		os.Exit(1)
	}
}

func cells(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "run":
		return runCorosync(args[1], args[2], args[3])
	case len(args) > 0 && args[0] == "write":
		return write(args[1:])
	}
	return fmt.Errorf("usage: cells run ROOT DIR NAME | cells write -for DURATION -pause DURATION")
}
