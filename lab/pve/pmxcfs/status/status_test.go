package status

import (
	"encoding/json"
	"strings"
	"testing"

	"tailmox.lab/pve/pmxcfs/corosync"
	"tailmox.lab/pve/pmxcfs/journal"
	"tailmox.lab/pve/pmxcfs/tree"
)

type members struct {
	Nodename string
	Version  int
	Cluster  *struct {
		Name                    string
		Version, Nodes, Quorate int
	}
	Nodelist map[string]struct {
		ID, Online int
		IP         string
	}
}

func read(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestStandaloneMembersHasNameAndVersionAlone(t *testing.T) {
	board := New("pve1", true, journal.Stderr())
	board.Put(KeyNodeIP, []byte("192.168.1.11"))
	if got := string(board.Members()); got != "{\n\"nodename\": \"pve1\",\n\"version\": 1\n}\n" {
		t.Fatalf("%q", got)
	}
	if !board.Writable() {
		t.Fatal("a standalone host is always quorate")
	}
}

func TestAddressOfAHostThatLeftStaysKnown(t *testing.T) {
	one, two := New("pve1", false, journal.Stderr()), New("pve2", false, journal.Stderr())
	config := corosync.Config{ClusterName: "tailmox", Version: 2, Nodes: []corosync.Node{{ID: 1, Name: "pve1"}, {ID: 2, Name: "pve2"}}}
	one.SetCluster(config)
	two.SetCluster(config)
	two.Put(KeyNodeIP, []byte("100.64.0.2"))
	two.Put("load", []byte("7"))
	one.Joined([]uint32{1, 2})
	for _, payload := range two.Joined([]uint32{1, 2}) {
		one.Receive(payload)
	}
	if got := one.Values()["pve2"]["load"]; got != "7" {
		t.Fatalf("load %q", got)
	}
	one.SetQuorate(true)
	if one.Writable() {
		t.Fatal("writable before the files are the cluster's")
	}
	one.SetReady(true)
	var before, after members
	read(t, one.Members(), &before)
	if before.Cluster == nil || before.Cluster.Quorate != 1 || before.Nodelist["pve2"].Online != 1 {
		t.Fatalf("%+v", before)
	}
	one.Joined([]uint32{1})
	one.SetQuorate(false)
	read(t, one.Members(), &after)
	left := after.Nodelist["pve2"]
	if left.Online != 0 || left.IP != "100.64.0.2" || after.Cluster.Quorate != 0 || after.Version <= before.Version {
		t.Fatalf("%+v", after)
	}
	if _, known := one.Values()["pve2"]; known {
		t.Fatal("values of a host that left are out of date")
	}
}

func TestWithoutAWordFromCorosyncThereIsNoClusterPart(t *testing.T) {
	board := New("pve1", false, journal.Stderr())
	var got members
	read(t, board.Members(), &got)
	if got.Cluster != nil || got.Nodelist != nil || board.Writable() {
		t.Fatalf("%+v", got)
	}
}

func TestVirtualFilesAreJSONWhateverTheyHold(t *testing.T) {
	board := New("pve1", true, journal.Stderr())
	board.Put("tasklist", []byte("[]"))
	board.Put("rrd/pve2-node/pve1", []byte("1:2:3"))
	board.Log(LogEntry{Tag: "pvedaemon", User: "root@pam", Message: "a \"quoted\"\nline"})
	board.Changed([]string{"corosync.conf", "nodes/pve1/qemu-server/100.conf", "whatever"})
	var version struct {
		Conf    int `json:"corosync.conf"`
		VMList  int `json:"vmlist"`
		KVStore map[string]map[string]int
	}
	read(t, board.Version(), &version)
	if version.Conf != 1 || version.VMList != 2 || version.KVStore["pve1"]["tasklist"] != 1 {
		t.Fatalf("%+v", version)
	}
	var guests struct {
		IDs map[string]struct{ Node, Type string }
	}
	read(t, board.Guests([]tree.Guest{{ID: 100, Node: "pve1", Type: "qemu"}, {ID: 101, Node: "pve2", Type: "lxc"}}), &guests)
	if len(guests.IDs) != 2 || guests.IDs["101"].Type != "lxc" {
		t.Fatalf("%+v", guests)
	}
	var log struct{ Data []LogEntry }
	read(t, board.ClusterLog(), &log)
	if len(log.Data) != 1 || log.Data[0].Message != "a \"quoted\"\nline" || log.Data[0].Node != "pve1" {
		t.Fatalf("%+v", log)
	}
	if got := string(board.Measurements()); got != "pve2-node/pve1:1:2:3\n" {
		t.Fatalf("%q", got)
	}
}

func TestWholeLogFitsIntoOneMessage(t *testing.T) {
	board := New("pve1", false, journal.Stderr())
	for range 2 * maxLogEntries {
		board.Log(LogEntry{Message: strings.Repeat("ü", 20_000), User: "root@pam", Tag: "pvecm"})
	}
	payloads := board.Joined([]uint32{1})
	if last := payloads[len(payloads)-1]; len(last) > 500_000 {
		t.Fatalf("%d bytes", len(last))
	}
}

func TestLogOfMembersIsMergedOnce(t *testing.T) {
	one, two := New("pve1", false, journal.Stderr()), New("pve2", false, journal.Stderr())
	one.Log(LogEntry{Message: "from one"})
	two.Log(LogEntry{Message: "from two"})
	for range 2 {
		for _, payload := range one.Joined([]uint32{1, 2}) {
			two.Receive(payload)
		}
	}
	var log struct{ Data []LogEntry }
	read(t, two.ClusterLog(), &log)
	if len(log.Data) != 2 {
		t.Fatalf("%+v", log)
	}
}
