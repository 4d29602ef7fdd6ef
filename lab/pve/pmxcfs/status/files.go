package status

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tailmox.lab/pve/pmxcfs/tree"
)

// Members is the content of .members (proxmox.md 2). Without a word from corosync there is no cluster part.
func (b *Board) Members() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n\"nodename\": %s,\n\"version\": %d", quote(b.node), b.infoVersion)
	if b.cluster != nil {
		fmt.Fprintf(&out, ",\n\"cluster\": { \"name\": %s, \"version\": %d, \"nodes\": %d, \"quorate\": %d },\n",
			quote(b.cluster.ClusterName), b.cluster.Version, len(b.cluster.Nodes), digit(b.writable()))
		out.WriteString("\"nodelist\": {\n")
		for i, node := range b.cluster.Nodes {
			fmt.Fprintf(&out, "  %s: { \"id\": %d, \"online\": %d", quote(node.Name), node.ID, digit(b.online[node.ID]))
			if address, ok := b.addresses[node.Name]; ok {
				fmt.Fprintf(&out, ", \"ip\": %s", quote(address))
			}
			out.WriteString("}" + comma(i < len(b.cluster.Nodes)-1) + "\n")
		}
		out.WriteString("  }")
	}
	out.WriteString("\n}\n")
	return out.Bytes()
}

// Version is the content of .version: counters of changes since this process started.
func (b *Board) Version() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n\"starttime\": %d,\n\"clinfo\": %d,\n\"vmlist\": %d,\n",
		b.started.Unix(), b.infoVersion, b.guestVersion)
	for _, path := range slices.Sorted(maps.Keys(b.fileVersions)) {
		fmt.Fprintf(&out, "%s: %d,\n", quote(path), b.fileVersions[path])
	}
	out.WriteString("\"kvstore\": {\n")
	nodes := slices.Sorted(maps.Keys(b.values))
	for i, node := range nodes {
		fmt.Fprintf(&out, "%s: {\n", quote(node))
		keys := slices.Sorted(maps.Keys(b.values[node]))
		for j, key := range keys {
			fmt.Fprintf(&out, "%s: %d%s\n", quote(key), b.values[node][key].version, comma(j < len(keys)-1))
		}
		out.WriteString("}" + comma(i < len(nodes)-1) + "\n")
	}
	out.WriteString("}\n}\n")
	return out.Bytes()
}

// Guests is the content of .vmlist.
func (b *Board) Guests(guests []tree.Guest) []byte {
	b.mu.Lock()
	version := b.guestVersion
	b.mu.Unlock()
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n\"version\": %d,\n\"ids\": {", version)
	for i, guest := range guests {
		fmt.Fprintf(&out, "%s\n\"%d\": { \"node\": %s, \"type\": %s, \"version\": %d }",
			comma(i > 0), guest.ID, quote(guest.Node), quote(guest.Type), guest.Version)
	}
	out.WriteString("}\n\n}\n")
	return out.Bytes()
}

// ClusterLog is the content of .clusterlog.
func (b *Board) ClusterLog() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out bytes.Buffer
	out.WriteString("{\n\"data\": [\n")
	for i, entry := range b.entries {
		line, err := json.Marshal(entry)
		if err != nil {
			continue // Strings and numbers: cannot happen.
		}
		out.Write(line)
		out.WriteString(comma(i < len(b.entries)-1) + "\n")
	}
	out.WriteString("]\n}\n")
	return out.Bytes()
}

// Measurements is the content of .rrd: the values under keys that begin with "rrd/", one a line.
func (b *Board) Measurements() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []string
	for _, values := range b.values {
		for key, value := range values {
			if name, ok := strings.CutPrefix(key, "rrd/"); ok {
				lines = append(lines, name+":"+string(value.data)+"\n")
			}
		}
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, ""))
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		return `""` // A string: cannot happen.
	}
	return string(quoted)
}

func digit(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func comma(more bool) string {
	if more {
		return ","
	}
	return ""
}
