package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

// nodeAddress resolves the host's own name as the C library does and takes the first address that is not
// a loopback one (proxmox.md 1). So /etc/hosts decides, at start, what the others learn of this host.
func nodeAddress(name string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, name)
	if err == nil {
		for _, address := range addresses {
			if !address.IP.IsLoopback() {
				return address.IP.String(), nil
			}
		}
	}
	return "", fmt.Errorf("Unable to resolve node name '%s' to a non-loopback IP address - missing entry in '/etc/hosts' or DNS?", name)
}
