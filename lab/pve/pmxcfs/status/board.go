// Package status keeps what the members tell each other apart from files: who is there, their addresses,
// values of their services, the cluster's log; and the counters of changes.
package status

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"

	"tailmox.lab/pve/pmxcfs/corosync"
	"tailmox.lab/pve/pmxcfs/journal"
)

// KeyNodeIP is the key under which a member publishes the address that its own name resolves to.
const KeyNodeIP = "nodeip"

// MaxValueBytes bounds one published value, as the real program does.
const MaxValueBytes = 32 << 10

// Board is safe for concurrent use.
type Board struct {
	mu      sync.Mutex
	node    string
	log     *journal.Journal
	started time.Time
	// send tells all members something; nil in local mode.
	send func(payload []byte)

	// always is set in local mode: quorate without asking anybody.
	always  bool
	quorate bool
	ready   bool

	cluster *corosync.Config
	online  map[uint32]bool
	// addresses stay known when their host is away.
	addresses map[string]string
	values    map[string]map[string]value

	infoVersion  uint64
	guestVersion uint64
	fileVersions map[string]uint64
	entries      []LogEntry
	lastUID      uint32
}

type value struct {
	data    []byte
	version uint64
}

// note is what one member tells the others.
type note struct {
	Node  string     `cbor:"1,keyasint"`
	Key   string     `cbor:"2,keyasint,omitempty"`
	Value []byte     `cbor:"3,keyasint,omitempty"`
	Log   []LogEntry `cbor:"4,keyasint,omitempty"`
}

// New makes the board of one host. local: no cluster, always quorate.
func New(node string, local bool, log *journal.Journal) *Board {
	return &Board{
		node:         node,
		log:          log,
		started:      time.Now(),
		always:       local,
		online:       map[uint32]bool{},
		addresses:    map[string]string{},
		values:       map[string]map[string]value{},
		guestVersion: 1,
		fileVersions: map[string]uint64{},
	}
}

// Connect gives the board its way to the other members.
func (b *Board) Connect(send func(payload []byte)) { b.send = send }

// Writable tells whether files may be changed: quorate, and in step with the other members.
func (b *Board) Writable() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.writable()
}

// SetQuorate takes corosync's word on quorum.
func (b *Board) SetQuorate(quorate bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.quorate == quorate {
		return
	}
	b.quorate = quorate
	b.infoVersion++
	if quorate {
		b.log.Notice("status", "node has quorum")
	} else {
		b.log.Notice("status", "node lost quorum")
	}
}

// SetReady tells whether the files are the cluster's.
func (b *Board) SetReady(ready bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ready != ready {
		b.ready = ready
		b.infoVersion++
	}
}

// SetCluster takes corosync's running configuration.
func (b *Board) SetCluster(config corosync.Config) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cluster != nil && b.cluster.Version == config.Version && slices.Equal(b.cluster.Nodes, config.Nodes) {
		return
	}
	b.cluster = &config
	b.infoVersion++
	b.log.Notice("status", "update cluster info (cluster name  %s, version = %d)", config.ClusterName, config.Version)
}

// Joined takes a new membership and gives all that the members have to hear of this host.
func (b *Board) Joined(nodes []uint32) [][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	online := map[uint32]bool{}
	for _, node := range nodes {
		online[node] = true
	}
	if !maps.Equal(b.online, online) {
		b.online = online
		b.infoVersion++
	}
	maps.DeleteFunc(b.values, func(node string, _ map[string]value) bool {
		return node != b.node && !b.isOnline(node)
	})
	var payloads [][]byte
	for _, key := range slices.Sorted(maps.Keys(b.values[b.node])) {
		payloads = append(payloads, encode(note{Node: b.node, Key: key, Value: b.values[b.node][key].data}))
	}
	if len(b.entries) > 0 {
		payloads = append(payloads, encode(note{Node: b.node, Log: b.entries}))
	}
	return payloads
}

// Put publishes a value of this host under a key.
func (b *Board) Put(key string, data []byte) {
	b.tell(note{Node: b.node, Key: key, Value: data})
}

// Receive takes what a member told.
func (b *Board) Receive(payload []byte) {
	var told note
	if err := cbor.Unmarshal(payload, &told); err != nil {
		b.log.Critical("status", "unreadable status message: %s", err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.take(told)
}

// Values gives all members' values, by node and key; those of members that are away are not known.
func (b *Board) Values() map[string]map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]map[string]string{}
	for node, values := range b.values {
		all[node] = map[string]string{}
		for key, value := range values {
			all[node][key] = string(value.data)
		}
	}
	return all
}

// Changed counts changes of files; nil: all of them may have changed.
func (b *Board) Changed(paths []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if paths == nil {
		b.guestVersion++
		for _, path := range countedFiles {
			b.fileVersions[path]++
		}
		return
	}
	for _, path := range paths {
		if strings.HasPrefix(path, "nodes/") && strings.HasSuffix(path, ".conf") {
			b.guestVersion++
		}
		if slices.Contains(countedFiles, path) {
			b.fileVersions[path]++
		}
	}
}

// tell changes the own board at once and the others' when the message arrives.
func (b *Board) tell(told note) {
	b.mu.Lock()
	b.take(told)
	b.mu.Unlock()
	if b.send != nil {
		b.send(encode(told))
	}
}

func (b *Board) take(told note) {
	if told.Key != "" {
		values := b.values[told.Node]
		if values == nil {
			values = map[string]value{}
			b.values[told.Node] = values
		}
		old := values[told.Key]
		if old.version == 0 || string(old.data) != string(told.Value) {
			values[told.Key] = value{data: told.Value, version: old.version + 1}
		}
	}
	if address := string(told.Value); told.Key == KeyNodeIP && b.addresses[told.Node] != address {
		b.addresses[told.Node] = address
		b.infoVersion++
	}
	b.mergeLog(told.Log)
}

func (b *Board) writable() bool { return b.always || b.quorate && b.ready }

func (b *Board) isOnline(node string) bool {
	if b.cluster == nil {
		return false
	}
	return slices.ContainsFunc(b.cluster.Nodes, func(n corosync.Node) bool { return n.Name == node && b.online[n.ID] })
}

func encode(told note) []byte {
	payload, err := cbor.Marshal(told)
	if err != nil {
		panic(err) // Plain fields: a mistake in this file.
	}
	return payload
}
