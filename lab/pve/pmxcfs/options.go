package main

import (
	"bufio"
	"flag"
	"os"
	"strconv"
	"strings"
	"time"
)

// options of the command line and its environment. Only -l, -f and -d are the real program's; the others
// let it run beside a mounted /etc/pve.
type options struct {
	local, foreground, debug bool
	nodeName                 string
	mount                    string
	database                 string
	corosyncDir              string
	runDir                   string
	ipcDelay                 time.Duration
}

func parseOptions() options {
	var o options
	flag.BoolVar(&o.local, "l", false, "force local mode (ignore corosync.conf, force quorum)")
	flag.BoolVar(&o.foreground, "f", false, "do not daemonize server")
	flag.BoolVar(&o.debug, "d", false, "turn on debug messages")
	flag.StringVar(&o.nodeName, "nodename", ownNodeName(), "this host's name")
	flag.StringVar(&o.mount, "mount", "/etc/pve", "where to mount")
	flag.StringVar(&o.database, "db", "/var/lib/pve-cluster/config.db", "the database")
	flag.StringVar(&o.corosyncDir, "corosync-dir", "/etc/corosync", "folder of corosync's own configuration")
	flag.StringVar(&o.runDir, "run-dir", "/run", "folder of the process id and the socket")
	flag.Parse()
	o.ipcDelay = readIPCDelay("/etc/default/lab-pve")
	return o
}

// ownNodeName is `uname -n` cut at the first dot (proxmox.md 1).
func ownNodeName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	name, _, _ = strings.Cut(name, ".")
	return name
}

// defaultIPCDelay in seconds: how long the other programs are refused after a start (proxmox.md 15, item 8).
const defaultIPCDelay = 2

// readIPCDelay takes LAB_IPC_DELAY of the environment, else IPC_DELAY of a file of KEY=VALUE lines; seconds.
func readIPCDelay(path string) time.Duration {
	text := os.Getenv("LAB_IPC_DELAY")
	if file, err := os.Open(path); err == nil && text == "" {
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if value, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "IPC_DELAY="); ok {
				text = strings.Trim(value, `"'`)
			}
		}
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || seconds < 0 {
		seconds = defaultIPCDelay
	}
	return time.Duration(seconds * float64(time.Second))
}
